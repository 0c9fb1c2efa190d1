#ifndef PROXY_SESSION_SUBSCRIPTIONS_H_
#define PROXY_SESSION_SUBSCRIPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proxy/session/packet_id_set.h"

namespace sluice::session {

// What a client subscribed to on this connection, so that the filters which a
// narrower grant no longer covers can be unsubscribed (EDGE-12), and the
// packet identifiers of UNSUBSCRIBEs in flight, the client's and ours.
class Subscriptions {
 public:
  // Bytes that filters may take in all, kBytesEach on top of its own for each.
  // A new grant looks at each filter, while the event loop's other clients
  // wait: of 200 rules about 2,000 filters that is 4 ms.
  static constexpr size_t kMostBytes = 128 * 1024;
  static constexpr size_t kMostBytesWithoutToken = 32 * 1024;
  static constexpr size_t kBytesEach = 64;

  void set_max_bytes(size_t max_bytes) { max_bytes_ = max_bytes; }

  // Forwarded to the broker; whether it was accepted does not matter. What is
  // over the bound is not kept: its messages then end the connection instead
  // (ACE-OUT-1). False where it is not kept, or was already.
  bool Add(absl::string_view filter);
  bool Contains(absl::string_view filter) const {
    return filters_.contains(filter);
  }
  // Whether Add() would keep one more.
  bool HasRoomFor(absl::string_view filter) const {
    return bytes_ + kBytesEach + filter.size() <= max_bytes_;
  }
  const absl::flat_hash_set<std::string>& filters() const { return filters_; }

  // The client's UNSUBSCRIBE with `packet_id` is forwarded. False where the
  // filter was not kept.
  bool Remove(absl::string_view filter);
  void MarkClientUnsubscribe(uint16_t packet_id) {
    client_unsubscribes_.Insert(packet_id);
  }

  // An identifier for an UNSUBSCRIBE of ours; nothing when all are in use by
  // those. What else a client has in flight is not known here, but clients
  // count up, or take the lowest that is free: it is as far from the client's
  // last one as can be.
  absl::optional<uint16_t> FreePacketId(uint16_t clients_last) const;
  // Ours with `packet_id` is sent.
  void MarkOwnUnsubscribe(uint16_t packet_id) {
    own_unsubscribes_.Insert(packet_id);
  }
  // Whether ours with `packet_id` is in flight: to the broker a packet of the
  // client's must not have it (MQTT 5.0 section 2.2.1).
  bool IsOwn(uint16_t packet_id) const {
    return own_unsubscribes_.Contains(packet_id);
  }

  // Whether the UNSUBACK with `packet_id` answers ours and is not for the
  // client; the identifier is free then.
  bool IsOwnUnsuback(uint16_t packet_id);

 private:
  absl::flat_hash_set<std::string> filters_;
  size_t bytes_ = 0;
  size_t max_bytes_ = kMostBytes;
  PacketIdSet client_unsubscribes_;
  PacketIdSet own_unsubscribes_;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_SUBSCRIPTIONS_H_
