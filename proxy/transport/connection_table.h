#ifndef PROXY_TRANSPORT_CONNECTION_TABLE_H_
#define PROXY_TRANSPORT_CONNECTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/time/time.h"
#include "proxy/base/counter.h"
#include "proxy/transport/admission.h"
#include "proxy/transport/client_connection.h"
#include "proxy/transport/listener_config.h"
#include "proxy/transport/loop_context.h"
#include "proxy/transport/socket_address.h"
#include "proxy/transport/tokenless_bytes.h"
#include "proxy/transport/uv_handle.h"
#include "proxy/transport/yielding_connections.h"

namespace sluice::transport {

// Owns the connections of one loop. Identifiers are never used twice, so that
// whatever comes late finds nothing, rather than another client. On the loop's
// thread.
class ConnectionTable {
 public:
  // Both pointers outlive the table. `max_anonymous` is that of
  // ConnectionLimits, for this loop alone.
  ConnectionTable(LoopContext* context, Admission* admission,
                  size_t max_anonymous)
      : context_(context),
        admission_(admission),
        max_anonymous_(max_anonymous) {}
  ~ConnectionTable() { Clear(); }

  // Takes in a client that `admission` has admitted.
  void Add(std::shared_ptr<const ListenerConfig> config, UvStream socket,
           const SocketAddress& client);
  size_t size() const { return connections_.size(); }
  // Null if the connection has ended.
  ClientConnection* Find(uint64_t id);
  // Destroys the connection.
  void Remove(uint64_t id);

  // Connections are pending until they are let in.
  void LetIn(uint64_t id);
  // Of one that is not let in yet: the policy service is being asked about it,
  // so that to close it would waste that, or is not any more.
  void SetAsked(uint64_t id, bool asked) { pending_.SetBusy(id, asked); }
  size_t pending() const { return pending_.size(); }
  // Whether a pending client may be let in without a token. Where too many are
  // in, one of them goes soon, if one has to go for `client`, or else it may
  // not: see YieldingConnections.
  bool LetInAnonymous(uint64_t id, const SocketAddress& client);
  // Ends one that is pending, if one has to go for `client`: see
  // YieldingConnections.
  bool MakeRoomFor(const SocketAddress& client, absl::Duration grace);
  // The same for anybody, or, where none that is pending has to go, one that
  // was let in without a token. Not while a connection's effects are
  // collected or carried out.
  bool MakeRoom(absl::Duration grace);
  // What is kept for a client without a token, 0 for others. Where it is too
  // much for all of them together, those with the most of it go soon: see
  // TokenlessBytes.
  void SetHeldBytes(uint64_t id, size_t bytes);

  // In the order in which they came.
  std::vector<uint64_t> Ids() const;
  // Calls `visit`, which may end any connection, with each that there is.
  template <typename Visitor>
  void ForEach(Visitor visit) {
    for (const uint64_t id : Ids()) {
      ClientConnection* connection = Find(id);
      if (connection != nullptr) visit(connection);
    }
  }
  // Calls `visit` with the identifier and connection of those that came after
  // `id`, until it returns false. It ends none.
  template <typename Visitor>
  void VisitAfter(uint64_t id, Visitor visit) const {
    auto it = connections_.upper_bound(id);
    while (it != connections_.end() && visit(it->first, *it->second)) ++it;
  }
  // Destroys all.
  void Clear();

 private:
  bool Evict(absl::optional<uint64_t> id, Counter* refused);
  bool EvictAnonymous(absl::Duration grace);
  void EvictHolders();

  LoopContext* context_;
  Admission* admission_;
  uint64_t last_id_ = 0;
  const size_t max_anonymous_;  // 0: no limit
  YieldingConnections pending_;
  YieldingConnections anonymous_;  // let in, without a token
  TokenlessBytes held_;
  bool evicts_holders_ = false;  // soon
  absl::btree_map<uint64_t, std::unique_ptr<ClientConnection>> connections_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_CONNECTION_TABLE_H_
