#include "policy/ace/pop_key.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/ace/algorithm.h"
#include "policy/ace/base64url.h"
#include "policy/ace/rejection.h"

namespace sluice::ace {
namespace {

constexpr size_t kMinSymmetricBytes = 16;
constexpr size_t kCertificateHashBytes = 32;

}  // namespace

PopKey::PopKey(std::optional<Jwk> jwk, std::string thumbprint)
    : jwk_(std::move(jwk)), thumbprint_(std::move(thumbprint)) {}

absl::StatusOr<PopKey> PopKey::FromJwk(Jwk jwk) {
  if (!jwk.Permits(KeyUse::kSignature)) {
    return absl::InvalidArgumentError("use or key_ops forbid signatures");
  }
  const std::optional<Algorithm> algorithm = jwk.key().algorithm();
  if (!algorithm.has_value()) {
    return absl::InvalidArgumentError("not a type that proves possession");
  }
  if (!jwk.Permits(*algorithm)) {
    return absl::InvalidArgumentError("alg is not that of the key's type");
  }
  if (jwk.type() == KeyType::kSymmetric &&
      jwk.key().secret().size() < kMinSymmetricBytes) {
    return absl::InvalidArgumentError("k is shorter than 16 bytes");
  }
  std::string thumbprint = jwk.Thumbprint();
  return PopKey(std::move(jwk), std::move(thumbprint));
}

absl::StatusOr<PopKey> PopKey::FromCertificateHash(ByteView hash) {
  if (hash.size() != kCertificateHashBytes) {
    return absl::InvalidArgumentError("not 32 bytes");
  }
  return PopKey(std::nullopt, CertificateIdentity(hash));
}

std::string PopKey::CertificateIdentity(ByteView hash) {
  return absl::StrCat(kCertificatePrefix, Base64UrlEncode(hash));
}

PopKey PopKey::WithKid(absl::string_view kid) const {
  PopKey named = *this;
  if (named.jwk_.has_value()) named.jwk_ = named.jwk_->WithKid(kid);
  return named;
}

absl::Status VerifyProof(const PopKey& key, ByteView content, ByteView proof) {
  if (key.is_certificate()) {
    return RejectedError(Rejection::kProof,
                         "the token is bound to a client certificate");
  }
  if (!key.jwk()->key().Verify(content, proof)) {
    return RejectedError(
        Rejection::kProof,
        "the proof of possession does not fit the token's key");
  }
  return absl::OkStatus();
}

}  // namespace sluice::ace
