#include "proxy/session/packet_id_set.h"

namespace sluice::session {

bool PacketIdSet::Insert(uint16_t id) {
  auto bit = pages_[static_cast<uint8_t>(id / kPageSize)][id % kPageSize];
  if (bit) return false;
  bit = true;
  return true;
}

bool PacketIdSet::ContainsHeld(uint16_t id) const {
  const auto page = pages_.find(static_cast<uint8_t>(id / kPageSize));
  return page != pages_.end() && page->second[id % kPageSize];
}

bool PacketIdSet::EraseHeld(uint16_t id) {
  const auto page = pages_.find(static_cast<uint8_t>(id / kPageSize));
  if (page == pages_.end() || !page->second[id % kPageSize]) return false;
  page->second.reset(id % kPageSize);
  if (page->second.none()) pages_.erase(page);
  return true;
}

}  // namespace sluice::session
