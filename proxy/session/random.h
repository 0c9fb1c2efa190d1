#ifndef PROXY_SESSION_RANDOM_H_
#define PROXY_SESSION_RANDOM_H_

#include <cstdint>

#include "absl/types/span.h"

namespace sluice::session {

// Cryptographically secure random bytes.
class RandomInterface {
 public:
  virtual ~RandomInterface() = default;
  virtual void Fill(absl::Span<uint8_t> out) = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_RANDOM_H_
