#ifndef PROXY_SESSION_PACKET_ID_SET_H_
#define PROXY_SESSION_PACKET_ID_SET_H_

#include <bitset>
#include <cstddef>
#include <cstdint>

#include "absl/container/flat_hash_map.h"

namespace sluice::session {

// Packet identifiers, in little memory whichever a client chooses: some 60
// bytes for a few that follow each other, 21 KiB for all there are.
class PacketIdSet {
 public:
  // What it takes to remember them.
  size_t bytes() const {
    return pages_.capacity() * (sizeof(*pages_.begin()) + 1);
  }

  // False where it was there.
  bool Insert(uint16_t id);
  // False where it was not there.
  bool Erase(uint16_t id) { return !pages_.empty() && EraseHeld(id); }
  bool Contains(uint16_t id) const {
    return !pages_.empty() && ContainsHeld(id);
  }

 private:
  static constexpr size_t kPageSize = 256;

  // Of a set that is not empty.
  bool ContainsHeld(uint16_t id) const;
  bool EraseHeld(uint16_t id);

  // By the identifier's first byte; none of them is empty.
  absl::flat_hash_map<uint8_t, std::bitset<kPageSize>> pages_;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_PACKET_ID_SET_H_
