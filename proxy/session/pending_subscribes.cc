#include "proxy/session/pending_subscribes.h"

#include <utility>

namespace sluice::session {

size_t PendingSubscribes::bytes() const {
  return pending_.capacity() * (sizeof(*pending_.begin()) + 1) + filters_ +
         reasons_;
}

bool PendingSubscribes::Add(uint16_t packet_id, Answer answer) {
  if ((pending_.size() + 1) * kBytesEach + filters_ + answer.codes.size() >
      max_bytes_) {
    return false;
  }
  filters_ += answer.codes.size();
  reasons_ += answer.reason.size();
  pending_[packet_id] = std::move(answer);
  return true;
}

absl::optional<PendingSubscribes::Answer> PendingSubscribes::Merge(
    uint16_t packet_id, ByteView broker_codes) {
  auto node = pending_.extract(packet_id);
  if (node.empty()) return absl::nullopt;
  Answer answer = std::move(node.mapped());
  filters_ -= answer.codes.size();
  reasons_ -= answer.reason.size();
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
