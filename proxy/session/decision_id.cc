#include "proxy/session/decision_id.h"

#include <algorithm>

namespace sluice::session {

DecisionId DecisionId::Make(absl::Time now,
                            const std::array<uint8_t, kRandomSize>& random) {
  const uint64_t milliseconds = static_cast<uint64_t>(absl::ToUnixMillis(now));
  const int64_t nanoseconds = absl::ToInt64Nanoseconds(
      now - absl::FromUnixMillis(static_cast<int64_t>(milliseconds)));
  // The part of a millisecond in 12 bits (section 6.2, method 3).
  const uint64_t fraction = static_cast<uint64_t>(nanoseconds) * 4096 / 1000000;

  DecisionId id;
  for (size_t i = 0; i < 6; ++i) {
    id.bytes_[i] = static_cast<uint8_t>(milliseconds >> (40 - 8 * i));
  }
  id.bytes_[6] = static_cast<uint8_t>(0x70 | fraction >> 8);
  id.bytes_[7] = static_cast<uint8_t>(fraction);
  std::copy(random.begin(), random.end(), id.bytes_.begin() + 8);
  id.bytes_[8] = static_cast<uint8_t>(0x80 | (id.bytes_[8] & 0x3F));
  return id;
}

std::string DecisionId::ToString() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text(kTextSize, '-');
  size_t at = 0;
  for (size_t i = 0; i < bytes_.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) ++at;
    text[at++] = kDigits[bytes_[i] >> 4];
    text[at++] = kDigits[bytes_[i] & 0x0F];
  }
  return text;
}

}  // namespace sluice::session
