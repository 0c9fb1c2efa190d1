#ifndef PROXY_SESSION_PENDING_SUBSCRIBES_H_
#define PROXY_SESSION_PENDING_SUBSCRIBES_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/types/optional.h"
#include "proxy/base/bytes.h"

namespace sluice::session {

// SUBSCRIBE packets that went to the broker without the filters that were
// denied, until their SUBACK comes (ACE-SUB-1).
class PendingSubscribes {
 public:
  // Bytes that packets in flight may take in all: one for each filter, denied
  // ones included, and kBytesEach for each packet.
  static constexpr size_t kMostBytes = 128 * 1024;
  static constexpr size_t kMostBytesWithoutToken = 16 * 1024;
  static constexpr size_t kBytesEach = 64;

  void set_max_bytes(size_t max_bytes) { max_bytes_ = max_bytes; }
  // What it takes to remember them, reasons included.
  size_t bytes() const;

  // Stands in a list of codes for "the broker will say".
  static constexpr uint8_t kForwarded = 0xFF;

  bool Contains(uint16_t packet_id) const {
    return pending_.contains(packet_id);
  }

  // What the client's SUBACK is to say.
  struct Answer {
    std::string codes;   // in the client's order
    std::string reason;  // property Reason String, or nothing
  };

  // `answer.codes` has one entry a filter of the client's SUBSCRIBE: kForwarded
  // or the denial's code. False, and nothing is remembered, when a client has
  // more in flight than it may.
  bool Add(uint16_t packet_id, Answer answer);

  // The answer with the broker's codes put in; the packet is forgotten. Nothing
  // when `broker_codes` do not fit what was forwarded.
  absl::optional<Answer> Merge(uint16_t packet_id, ByteView broker_codes);

 private:
  absl::flat_hash_map<uint16_t, Answer> pending_;
  size_t filters_ = 0;
  size_t reasons_ = 0;  // bytes
  size_t max_bytes_ = kMostBytes;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_PENDING_SUBSCRIBES_H_
