#ifndef PROXY_SESSION_DECISION_ID_H_
#define PROXY_SESSION_DECISION_ID_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace sluice::session {

// Names a decision among those of all proxies: a UUID of version 7 (RFC 9562
// section 5.7), so that names sort by time, to a quarter of a microsecond.
class DecisionId {
 public:
  static constexpr size_t kRandomSize = 8;
  static constexpr size_t kTextSize = 36;

  // None.
  DecisionId() = default;
  // `now` is after 1970; 62 of the random bits are used.
  static DecisionId Make(absl::Time now,
                         const std::array<uint8_t, kRandomSize>& random);

  bool empty() const { return bytes_ == std::array<uint8_t, 16>{}; }
  // kTextSize characters: 018bcfe5-6800-7000-8000-000000000000.
  std::string ToString() const;

 private:
  std::array<uint8_t, 16> bytes_{};
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_DECISION_ID_H_
