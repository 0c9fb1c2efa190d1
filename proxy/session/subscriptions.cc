#include "proxy/session/subscriptions.h"

namespace sluice::session {

bool Subscriptions::Add(absl::string_view filter) {
  if (!HasRoomFor(filter) || !filters_.emplace(filter).second) return false;
  bytes_ += kBytesEach + filter.size();
  return true;
}

bool Subscriptions::Remove(absl::string_view filter) {
  if (filters_.erase(filter) == 0) return false;
  bytes_ -= kBytesEach + filter.size();
  return true;
}

absl::optional<uint16_t> Subscriptions::FreePacketId(
    uint16_t clients_last) const {
  uint16_t id = clients_last ^ 0x8000;
  for (uint32_t tries = 0; tries <= 0xFFFF; ++tries, --id) {
    if (id != 0 && !client_unsubscribes_.Contains(id) &&
        !own_unsubscribes_.Contains(id)) {
      return id;
    }
  }
  return absl::nullopt;
}

bool Subscriptions::IsOwnUnsuback(uint16_t packet_id) {
  if (own_unsubscribes_.Erase(packet_id)) return true;
  client_unsubscribes_.Erase(packet_id);
  return false;
}

}  // namespace sluice::session
