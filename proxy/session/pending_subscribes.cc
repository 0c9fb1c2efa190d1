#include "proxy/session/pending_subscribes.h"

#include <utility>

namespace sluice::session {

bool PendingSubscribes::Add(uint16_t packet_id, Answer answer) {
  if (filters_ + answer.codes.size() > kMaxFilters) return false;
  filters_ += answer.codes.size();
  pending_[packet_id] = std::move(answer);
  return true;
}

absl::optional<PendingSubscribes::Answer> PendingSubscribes::Merge(
    uint16_t packet_id, ByteView broker_codes) {
  auto node = pending_.extract(packet_id);
  if (node.empty()) return absl::nullopt;
  Answer answer = std::move(node.mapped());
  filters_ -= answer.codes.size();
  size_t next = 0;
  for (char& code : answer.codes) {
    if (static_cast<uint8_t>(code) != kForwarded) continue;
    if (next == broker_codes.size()) return absl::nullopt;
    code = static_cast<char>(broker_codes[next++]);
  }
  if (next != broker_codes.size()) return absl::nullopt;
  return answer;
}

}  // namespace sluice::session
