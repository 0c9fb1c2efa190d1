#include "proxy/session/pending_subscribes.h"

#include <utility>

namespace sluice::session {

bool PendingSubscribes::Add(uint16_t packet_id, std::string codes) {
  if (filters_ + codes.size() > kMaxFilters) return false;
  filters_ += codes.size();
  pending_[packet_id] = std::move(codes);
  return true;
}

absl::optional<std::string> PendingSubscribes::Merge(uint16_t packet_id,
                                                     ByteView broker_codes) {
  auto node = pending_.extract(packet_id);
  if (node.empty()) return absl::nullopt;
  std::string codes = std::move(node.mapped());
  filters_ -= codes.size();
  size_t next = 0;
  for (char& code : codes) {
    if (static_cast<uint8_t>(code) != kForwarded) continue;
    if (next == broker_codes.size()) return absl::nullopt;
    code = static_cast<char>(broker_codes[next++]);
  }
  if (next != broker_codes.size()) return absl::nullopt;
  return codes;
}

}  // namespace sluice::session
