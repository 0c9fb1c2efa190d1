#ifndef POLICY_ACE_POP_KEY_H_
#define POLICY_ACE_POP_KEY_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "policy/ace/jwk.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// The key that a token is bound to (its `cnf` claim, RFC 7800): an Ed25519 or
// P-256 public key, or a symmetric key. Immutable and cheap to copy; symmetric
// key material is cleansed when the last copy goes.
class PopKey {
 public:
  // InvalidArgument where `jwk` does not permit signatures (`use`, `key_ops`)
  // or names an `alg` other than its type's, or where a symmetric key is
  // shorter than 16 bytes.
  //
  // RFC 7518 section 3.2 asks for 32 bytes for HS256, and the issuer's own keys
  // are held to that. A PoP key may be shorter, since the profile lets the same
  // key be the pre-shared key of the TLS handshake, where 16 is common.
  static absl::StatusOr<PopKey> FromJwk(Jwk jwk);

  // The RFC 7638 SHA-256 thumbprint in base64url: this key's identity, for
  // storing, comparing and revoking.
  const std::string& thumbprint() const { return thumbprint_; }

  // The JWK's `kid`; empty where it has none. Only a name: chosen by the
  // issuer, not unique.
  const std::string& kid() const { return jwk_.kid(); }

  const Jwk& jwk() const { return jwk_; }

 private:
  explicit PopKey(Jwk jwk);

  Jwk jwk_;
  std::string thumbprint_;
};

// Checks that `proof` was made over `content` with `key`: EdDSA over Ed25519,
// ES256 as raw r || s of exactly 64 bytes, or HS256 compared in constant time.
// The algorithm follows from the key and from nothing that the client says
// (ACE-POP-1). Anything else: Rejection::kProof.
absl::Status VerifyProof(const PopKey& key, ByteView content, ByteView proof);

}  // namespace sluice::ace

#endif  // POLICY_ACE_POP_KEY_H_
