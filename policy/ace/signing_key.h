#ifndef POLICY_ACE_SIGNING_KEY_H_
#define POLICY_ACE_SIGNING_KEY_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/algorithm.h"
#include "policy/ace/jwk.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// A private (or symmetric) key that signs, as an issuer or a client has one.
// Only the development tool and the tests use it. Cleansed on destruction.
class SigningKey {
 public:
  // A fresh key from BoringSSL's generator. Its `kid` is its thumbprint.
  // Unimplemented for RSA.
  static absl::StatusOr<SigningKey> Generate(Algorithm algorithm);

  // Reads a private JWK of a type that signs, but for RSA: the members of
  // Jwk::Parse, and `d` where the key is asymmetric. Errors are as there; a `d`
  // that does not belong to the public key is InvalidArgument.
  static absl::StatusOr<SigningKey> Parse(absl::string_view json);

  // The public key; for a symmetric key, the key itself.
  const Jwk& jwk() const { return jwk_; }
  Algorithm algorithm() const { return *jwk_.key().algorithm(); }

  // A signature or MAC over `message` in JOSE's encoding: what Key::Verify
  // takes. InternalError where BoringSSL fails.
  absl::StatusOr<std::string> Sign(ByteView message) const;

  // This key as a private JWK, in one line.
  std::string ToPrivateJson() const;

 private:
  SigningKey(Jwk jwk, SecretBytes private_key);

  Jwk jwk_;
  // The seed (Ed25519) or scalar (P-256), 32 bytes; empty for symmetric keys.
  SecretBytes private_key_;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_SIGNING_KEY_H_
