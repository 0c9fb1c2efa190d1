#include "policy/ace/pop_key.h"

#include <cstddef>
#include <utility>

#include "policy/ace/rejection.h"

namespace sluice::ace {
namespace {

constexpr size_t kMinSymmetricBytes = 16;

}  // namespace

PopKey::PopKey(Jwk jwk)
    : jwk_(std::move(jwk)), thumbprint_(jwk_.Thumbprint()) {}

absl::StatusOr<PopKey> PopKey::FromJwk(Jwk jwk) {
  if (!jwk.Permits(KeyUse::kSignature)) {
    return absl::InvalidArgumentError("use or key_ops forbid signatures");
  }
  if (!jwk.Permits(jwk.key().algorithm())) {
    return absl::InvalidArgumentError("alg is not that of the key's type");
  }
  if (jwk.type() == KeyType::kSymmetric &&
      jwk.key().secret().size() < kMinSymmetricBytes) {
    return absl::InvalidArgumentError("k is shorter than 16 bytes");
  }
  return PopKey(std::move(jwk));
}

absl::Status VerifyProof(const PopKey& key, ByteView content, ByteView proof) {
  if (!key.jwk().key().Verify(content, proof)) {
    return RejectedError(
        Rejection::kProof,
        "the proof of possession does not fit the token's key");
  }
  return absl::OkStatus();
}

}  // namespace sluice::ace
