#include "proxy/transport/secure_random.h"

#include "proxy/transport/boringssl.h"

namespace sluice::transport {

void SecureRandom::Fill(absl::Span<uint8_t> out) {
  // Cannot fail: BoringSSL aborts where the system has no randomness to give.
  RAND_bytes(out.data(), out.size());
}

}  // namespace sluice::transport
