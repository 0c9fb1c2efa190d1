#ifndef POLICY_ACE_POP_KEY_H_
#define POLICY_ACE_POP_KEY_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/jwk.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// What a token is bound to (its `cnf` claim, RFC 7800): an Ed25519 or P-256
// public key, a symmetric key, or a client certificate. Immutable and cheap to
// copy; symmetric key material is cleansed when the last copy goes.
class PopKey {
 public:
  // InvalidArgument where `jwk` does not permit signatures (`use`, `key_ops`)
  // or names an `alg` other than its type's, where its type has none (RSA,
  // X25519), or where a symmetric key is shorter than 16 bytes.
  //
  // RFC 7518 section 3.2 asks for 32 bytes for HS256, and the issuer's own keys
  // are held to that. A PoP key may be shorter, since the profile lets the same
  // key be the pre-shared key of the TLS handshake, where 16 is common.
  static absl::StatusOr<PopKey> FromJwk(Jwk jwk);

  // A certificate by the SHA-256 of its DER (RFC 8705 section 3.1);
  // InvalidArgument where `hash` has not 32 bytes. Only the TLS handshake can
  // prove possession of its key: no proof over MQTT fits it.
  static absl::StatusOr<PopKey> FromCertificateHash(ByteView hash);

  // This key's identity, for storing, comparing and revoking: the RFC 7638
  // SHA-256 thumbprint in base64url; of a certificate, CertificateIdentity of
  // its hash, which is never another key's thumbprint.
  const std::string& thumbprint() const { return thumbprint_; }

  // kCertificatePrefix and the base64url of the hash.
  static constexpr char kCertificatePrefix[] = "x5t#S256:";
  static std::string CertificateIdentity(ByteView hash);

  // Whether this is a certificate.
  bool is_certificate() const { return !jwk_.has_value(); }

  // The key's `kid`; empty where it has none. Only a name: chosen by the
  // issuer, not unique, and of a COSE_Key any bytes.
  absl::string_view kid() const {
    return jwk_.has_value() ? absl::string_view(jwk_->kid()) : "";
  }

  // This key under another name; a certificate has none and stays as it is.
  PopKey WithKid(absl::string_view kid) const;

  // nullptr for a certificate. Lives as long as this.
  const Jwk* jwk() const { return jwk_.has_value() ? &*jwk_ : nullptr; }

 private:
  PopKey(std::optional<Jwk> jwk, std::string thumbprint);

  std::optional<Jwk> jwk_;
  std::string thumbprint_;
};

// Checks that `proof` was made over `content` with `key`: EdDSA over Ed25519,
// ES256 as raw r || s of exactly 64 bytes, or HS256 compared in constant time.
// The algorithm follows from the key and from nothing that the client says
// (ACE-POP-1). Anything else, and any proof for a certificate:
// Rejection::kProof.
absl::Status VerifyProof(const PopKey& key, ByteView content, ByteView proof);

}  // namespace sluice::ace

#endif  // POLICY_ACE_POP_KEY_H_
