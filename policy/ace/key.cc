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
constexpr unsigned kMinRsaBits = 2048;
constexpr unsigned kMaxRsaBits = 4096;
constexpr unsigned kMaxRsaExponentBits = 33;  // BoringSSL's own bound

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
  (void)r.release();  // now the signature's
  (void)s.release();
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

bool VerifyRsa(RSA* key, Algorithm algorithm, ByteView message,
               ByteView signature) {
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(message.data(), message.size(), digest);
  if (algorithm == Algorithm::kRs256) {
    return RSA_verify(NID_sha256, digest, sizeof(digest), signature.data(),
                      signature.size(), key) == 1;
  }
  return algorithm == Algorithm::kPs256 &&
         RSA_verify_pss_mgf1(key, digest, sizeof(digest), EVP_sha256(),
                             EVP_sha256(), SHA256_DIGEST_LENGTH,
                             signature.data(), signature.size()) == 1;
}

std::string ToBase64Url(const BIGNUM* number) {
  std::string bytes(BN_num_bytes(number), '\0');
  BN_bn2bin(number, reinterpret_cast<uint8_t*>(bytes.data()));
  return Base64UrlEncode(AsBytes(bytes));
}

}  // namespace

struct Key::Material {
  explicit Material(KeyType type) : type(type) {}

  const KeyType type;
  // kEd25519, kX25519: the public key. kP256: both coordinates.
  std::array<uint8_t, 2 * kCoordinateSize> point{};
  bssl::UniquePtr<EC_KEY> ec_key;  // kP256
  bssl::UniquePtr<RSA> rsa;        // kRsa
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

absl::StatusOr<Key> Key::P256Compressed(ByteView x, bool y_is_odd) {
  if (x.size() != kCoordinateSize) {
    return absl::InvalidArgumentError("not 32 bytes");
  }
  const bssl::UniquePtr<EC_GROUP> group(
      EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  const bssl::UniquePtr<EC_POINT> point(EC_POINT_new(group.get()));
  const bssl::UniquePtr<BIGNUM> bn_x = ToBignum(x);
  const bssl::UniquePtr<BIGNUM> bn_y(BN_new());
  std::array<uint8_t, kCoordinateSize> y;
  if (!EC_POINT_set_compressed_coordinates_GFp(group.get(), point.get(),
                                               bn_x.get(), y_is_odd, nullptr) ||
      !EC_POINT_get_affine_coordinates_GFp(group.get(), point.get(), nullptr,
                                           bn_y.get(), nullptr) ||
      !BN_bn2bin_padded(y.data(), y.size(), bn_y.get())) {
    ERR_clear_error();
    return absl::InvalidArgumentError("not a point on P-256");
  }
  return P256(x, y);
}

absl::StatusOr<Key> Key::Rsa(ByteView n, ByteView e) {
  bssl::UniquePtr<BIGNUM> bn_n = ToBignum(n);
  bssl::UniquePtr<BIGNUM> bn_e = ToBignum(e);
  const unsigned bits = BN_num_bits(bn_n.get());
  if (bits < kMinRsaBits || bits > kMaxRsaBits) {
    return absl::UnimplementedError("not of 2048 to 4096 bits");
  }
  if (!BN_is_odd(bn_n.get())) {
    return absl::InvalidArgumentError("n is not an RSA modulus");
  }
  if (!BN_is_odd(bn_e.get()) || BN_is_one(bn_e.get()) ||
      BN_num_bits(bn_e.get()) > kMaxRsaExponentBits) {
    return absl::InvalidArgumentError("e is not an RSA exponent");
  }
  auto material = std::make_shared<Material>(KeyType::kRsa);
  material->rsa.reset(RSA_new());
  if (!RSA_set0_key(material->rsa.get(), bn_n.get(), bn_e.get(), nullptr)) {
    ERR_clear_error();
    return absl::InvalidArgumentError("not an RSA key");
  }
  (void)bn_n.release();  // now the key's
  (void)bn_e.release();
  return Key(std::move(material));
}

absl::StatusOr<Key> Key::X25519(ByteView public_key) {
  if (public_key.size() != X25519_PUBLIC_VALUE_LEN) {
    return absl::InvalidArgumentError("not 32 bytes");
  }
  auto material = std::make_shared<Material>(KeyType::kX25519);
  std::copy(public_key.begin(), public_key.end(), material->point.begin());
  return Key(std::move(material));
}

absl::StatusOr<Key> Key::Symmetric(ByteView secret) {
  if (secret.empty()) return absl::InvalidArgumentError("empty");
  auto material = std::make_shared<Material>(KeyType::kSymmetric);
  material->secret = SecretBytes(secret);
  return Key(std::move(material));
}

KeyType Key::type() const { return material_->type; }

std::optional<Algorithm> Key::algorithm() const {
  switch (material_->type) {
    case KeyType::kEd25519:
      return Algorithm::kEdDsa;
    case KeyType::kP256:
      return Algorithm::kEs256;
    case KeyType::kSymmetric:
      return Algorithm::kHs256;
    case KeyType::kRsa:
    case KeyType::kX25519:
      break;
  }
  return std::nullopt;
}

bool Key::IsFor(Algorithm algorithm) const {
  if (material_->type == KeyType::kRsa) {
    return algorithm == Algorithm::kRs256 || algorithm == Algorithm::kPs256;
  }
  return algorithm == this->algorithm();
}

bool Key::Verify(Algorithm algorithm, ByteView message,
                 ByteView signature) const {
  if (!IsFor(algorithm)) return false;
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
    case KeyType::kRsa:
      valid = VerifyRsa(material_->rsa.get(), algorithm, message, signature);
      break;
    case KeyType::kSymmetric:
      valid = VerifyHs256(material_->secret.view(), message, signature);
      break;
    case KeyType::kX25519:
      break;
  }
  // BoringSSL notes failures in a queue of the thread, which others read.
  if (!valid) ERR_clear_error();
  return valid;
}

bool Key::Verify(ByteView message, ByteView signature) const {
  const std::optional<Algorithm> own = algorithm();
  return own.has_value() && Verify(*own, message, signature);
}

ByteView Key::x() const {
  if (material_->type == KeyType::kRsa ||
      material_->type == KeyType::kSymmetric) {
    return ByteView();
  }
  return material_->x();
}

ByteView Key::y() const {
  return material_->type == KeyType::kP256 ? material_->y() : ByteView();
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
    case KeyType::kRsa:
      return absl::StrCat(
          R"({"e":")", ToBase64Url(RSA_get0_e(material_->rsa.get())),
          R"(","kty":"RSA","n":")",
          ToBase64Url(RSA_get0_n(material_->rsa.get())), R"("})");
    case KeyType::kX25519:
      return absl::StrCat(R"({"crv":"X25519","kty":"OKP","x":")",
                          Base64UrlEncode(material_->x()), R"("})");
    case KeyType::kSymmetric:
      break;
  }
  return absl::StrCat(R"({"k":")", Base64UrlEncode(secret()),
                      R"(","kty":"oct"})");
}

std::string Key::Thumbprint() const {
  std::string canonical = CanonicalJwk();
  const ByteView bytes = AsBytes(canonical);
  std::array<uint8_t, SHA256_DIGEST_LENGTH> digest;
  SHA256(bytes.data(), bytes.size(), digest.data());
  OPENSSL_cleanse(canonical.data(), canonical.size());
  return Base64UrlEncode(digest);
}

}  // namespace sluice::ace
