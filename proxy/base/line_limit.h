#ifndef PROXY_BASE_LINE_LIMIT_H_
#define PROXY_BASE_LINE_LIMIT_H_

#include <cstdint>

#include "absl/time/time.h"

namespace sluice {

// How many lines of a kind are written in a second, about the denials of one
// connection or about all clients that are not let in, so that who goes on
// whatever it is told fills no disk.
class LineLimit {
 public:
  static constexpr uint32_t kPerSecond = 100;

  // Whether there may be one more.
  bool Take(absl::Time now) {
    if (now - since_ >= absl::Seconds(1) || now < since_) {
      since_ = now;
      taken_ = 0;
    }
    return ++taken_ <= kPerSecond;
  }

 private:
  absl::Time since_ = absl::InfinitePast();
  uint32_t taken_ = 0;
};

}  // namespace sluice

#endif  // PROXY_BASE_LINE_LIMIT_H_
