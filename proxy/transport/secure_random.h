#ifndef PROXY_TRANSPORT_SECURE_RANDOM_H_
#define PROXY_TRANSPORT_SECURE_RANDOM_H_

#include "proxy/session/random.h"

namespace sluice::transport {

// BoringSSL's generator. Any thread.
class SecureRandom final : public session::RandomInterface {
 public:
  void Fill(absl::Span<uint8_t> out) override;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_SECURE_RANDOM_H_
