#ifndef PROXY_TRANSPORT_CONNECTION_TABLE_H_
#define PROXY_TRANSPORT_CONNECTION_TABLE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "absl/time/time.h"
#include "proxy/transport/admission.h"
#include "proxy/transport/client_connection.h"
#include "proxy/transport/listener_config.h"
#include "proxy/transport/loop_context.h"
#include "proxy/transport/pending_connections.h"
#include "proxy/transport/socket_address.h"
#include "proxy/transport/uv_handle.h"

namespace sluice::transport {

// Owns the connections of one loop. Identifiers are never used twice, so that
// whatever comes late finds nothing, rather than another client. On the loop's
// thread.
class ConnectionTable {
 public:
  // Both outlive the table.
  ConnectionTable(LoopContext* context, Admission* admission)
      : context_(context), admission_(admission) {}
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
  size_t pending() const { return pending_.size(); }
  // Ends one that is pending, if one has to go for `client`, or for anybody:
  // see PendingConnections.
  bool MakeRoomFor(const SocketAddress& client, absl::Duration grace);
  bool MakeRoom(absl::Duration grace);

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
  // Destroys all.
  void Clear();

 private:
  bool Evict(absl::optional<uint64_t> id);

  LoopContext* context_;
  Admission* admission_;
  uint64_t last_id_ = 0;
  PendingConnections pending_;
  std::unordered_map<uint64_t, std::unique_ptr<ClientConnection>> connections_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_CONNECTION_TABLE_H_
