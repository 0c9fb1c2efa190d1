#include "policy/ace/key.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/base64url.h"
#include "policy/ace/openssl_guard.h"
#include "policy/ace/secret_bytes.h"

namespace sluice::ace {
namespace {

constexpr size_t kCoordinateSize = 32;
constexpr size_t kEs256SignatureSize = 2 * kCoordinateSize;

bssl::UniquePtr<BIGNUM> ToBignum(ByteView big_endian) {
  return bssl::UniquePtr<BIGNUM>(
      BN_bin2bn(big_endian.data(), big_endian.size(), nullptr));
}

bool VerifyEs256(const EC_KEY* key, ByteView message, ByteView signature) {
  if (signature.size() != kEs256SignatureSize) return false;
  bssl::UniquePtr<BIGNUM> r = ToBignum(signature.first(kCoordinateSize));
  bssl::UniquePtr<BIGNUM> s = ToBignum(signature.subspan(kCoordinateSize));
  bssl::UniquePtr<ECDSA_SIG> parsed(ECDSA_SIG_new());
  if (r == nullptr || s == nullptr || parsed == nullptr ||
      !ECDSA_SIG_set0(parsed.get(), r.get(), s.get())) {
    return false;
  }
  r.release();  // now the signature's
  s.release();
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(message.data(), message.size(), digest);
  return ECDSA_do_verify(digest, sizeof(digest), parsed.get(), key) == 1;
}

bool VerifyHs256(ByteView secret, ByteView message, ByteView mac) {
  uint8_t expected[SHA256_DIGEST_LENGTH];
  if (mac.size() != sizeof(expected)) return false;
  unsigned length = 0;
  if (HMAC(EVP_sha256(), secret.data(), secret.size(), message.data(),
           message.size(), expected, &length) == nullptr) {
    return false;
  }
  return CRYPTO_memcmp(expected, mac.data(), sizeof(expected)) == 0;
}

}  // namespace

struct Key::Material {
  explicit Material(KeyType type) : type(type) {}

  const KeyType type;
  // kEd25519: the public key. kP256: both coordinates.
  std::array<uint8_t, 2 * kCoordinateSize> point{};
  bssl::UniquePtr<EC_KEY> ec_key;  // kP256
  SecretBytes secret;              // kSymmetric

  ByteView x() const { return ByteView(point).first(kCoordinateSize); }
  ByteView y() const { return ByteView(point).subspan(kCoordinateSize); }
};

Key::Key(std::shared_ptr<const Material> material)
    : material_(std::move(material)) {}

absl::StatusOr<Key> Key::Ed25519(ByteView public_key) {
  if (public_key.size() != ED25519_PUBLIC_KEY_LEN) {
    return absl::InvalidArgumentError("not 32 bytes");
  }
  auto material = std::make_shared<Material>(KeyType::kEd25519);
  std::copy(public_key.begin(), public_key.end(), material->point.begin());
  return Key(std::move(material));
}

absl::StatusOr<Key> Key::P256(ByteView x, ByteView y) {
  if (x.size() != kCoordinateSize || y.size() != kCoordinateSize) {
    return absl::InvalidArgumentError("not 32 bytes");
  }
  auto material = std::make_shared<Material>(KeyType::kP256);
  std::copy(x.begin(), x.end(), material->point.begin());
  std::copy(y.begin(), y.end(), material->point.begin() + kCoordinateSize);
  material->ec_key.reset(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  const bssl::UniquePtr<BIGNUM> bn_x = ToBignum(x);
  const bssl::UniquePtr<BIGNUM> bn_y = ToBignum(y);
  if (material->ec_key == nullptr || bn_x == nullptr || bn_y == nullptr) {
    return absl::ResourceExhaustedError("out of memory");
  }
  if (!EC_KEY_set_public_key_affine_coordinates(material->ec_key.get(),
                                                bn_x.get(), bn_y.get())) {
    ERR_clear_error();
    return absl::InvalidArgumentError("not a point on P-256");
  }
  return Key(std::move(material));
}

absl::StatusOr<Key> Key::Symmetric(ByteView secret) {
  if (secret.empty()) return absl::InvalidArgumentError("empty");
  auto material = std::make_shared<Material>(KeyType::kSymmetric);
  material->secret = SecretBytes(secret);
  return Key(std::move(material));
}

KeyType Key::type() const { return material_->type; }

Algorithm Key::algorithm() const {
  switch (material_->type) {
    case KeyType::kEd25519:
      return Algorithm::kEdDsa;
    case KeyType::kP256:
      return Algorithm::kEs256;
    case KeyType::kSymmetric:
      break;
  }
  return Algorithm::kHs256;
}

bool Key::Verify(ByteView message, ByteView signature) const {
  bool valid = false;
  switch (material_->type) {
    case KeyType::kEd25519:
      valid = signature.size() == ED25519_SIGNATURE_LEN &&
              ED25519_verify(message.data(), message.size(), signature.data(),
                             material_->point.data()) == 1;
      break;
    case KeyType::kP256:
      valid = VerifyEs256(material_->ec_key.get(), message, signature);
      break;
    case KeyType::kSymmetric:
      valid = VerifyHs256(material_->secret.view(), message, signature);
      break;
  }
  // BoringSSL notes failures in a queue of the thread, which others read.
  if (!valid) ERR_clear_error();
  return valid;
}

ByteView Key::secret() const { return material_->secret.view(); }

std::string Key::CanonicalJwk() const {
  switch (material_->type) {
    case KeyType::kEd25519:
      return absl::StrCat(R"({"crv":"Ed25519","kty":"OKP","x":")",
                          Base64UrlEncode(material_->x()), R"("})");
    case KeyType::kP256:
      return absl::StrCat(R"({"crv":"P-256","kty":"EC","x":")",
                          Base64UrlEncode(material_->x()), R"(","y":")",
                          Base64UrlEncode(material_->y()), R"("})");
    case KeyType::kSymmetric:
      break;
  }
  return absl::StrCat(R"({"k":")", Base64UrlEncode(secret()),
                      R"(","kty":"oct"})");
}

}  // namespace sluice::ace
