#ifndef PROXY_TRANSPORT_CLIENT_NONCES_H_
#define PROXY_TRANSPORT_CLIENT_NONCES_H_

#include <cstddef>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proxy/base/bytes.h"
#include "proxy/base/secret_string.h"
#include "proxy/session/client_nonces_interface.h"

namespace sluice::transport {

// Client-nonces that need not be remembered: when each was made stands in it,
// under a MAC. Whoever has the same key takes them. Immutable; any thread.
class ClientNonces final : public session::ClientNoncesInterface {
 public:
  // The time in microseconds and 8 random bytes, then half of the HMAC-SHA256
  // over both.
  static constexpr size_t kSize = 32;
  // A client has so long to get a token with a nonce, and to use it.
  static constexpr absl::Duration kMaxAge = absl::Hours(24);
  // By so much another proxy's clock may be ahead.
  static constexpr absl::Duration kMaxSkew = absl::Minutes(1);

  // `key` is a secret, and serves no other purpose.
  explicit ClientNonces(SecretString key) : key_(std::move(key)) {}

  std::string Make(absl::Time now) const override;
  bool IsFresh(ByteView nonce, absl::Time now) const override;

 private:
  std::string Mac(absl::string_view content) const;

  const SecretString key_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_CLIENT_NONCES_H_
