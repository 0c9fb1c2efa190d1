#include "policy/ace/signing_key.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/base64url.h"
#include "policy/ace/json.h"
#include "policy/ace/jwk_reader.h"
#include "policy/ace/openssl_guard.h"

namespace sluice::ace {
namespace {

constexpr size_t kKeySize = 32;  // of every private key and coordinate here

using Coordinate = std::array<uint8_t, kKeySize>;

absl::Status CryptoError() {
  ERR_clear_error();
  return absl::InternalError("cryptographic operation failed");
}

bssl::UniquePtr<BIGNUM> ToBignum(ByteView big_endian) {
  return bssl::UniquePtr<BIGNUM>(
      BN_bin2bn(big_endian.data(), big_endian.size(), nullptr));
}

// The private half with a public key that `private_key` itself yields.
struct KeyPair {
  Key public_key;
  SecretBytes private_key;
};

absl::StatusOr<KeyPair> Ed25519FromSeed(ByteView seed) {
  if (seed.size() != kKeySize) {
    return absl::InvalidArgumentError("not 32 bytes");
  }
  uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
  SecretBytes expanded(ED25519_PRIVATE_KEY_LEN);
  ED25519_keypair_from_seed(public_key, expanded.data(), seed.data());
  absl::StatusOr<Key> key = Key::Ed25519(public_key);
  if (!key.ok()) return key.status();
  return KeyPair{*std::move(key), SecretBytes(seed)};
}

bssl::UniquePtr<EC_KEY> P256KeyOf(ByteView scalar) {
  bssl::UniquePtr<EC_KEY> key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  const bssl::UniquePtr<BIGNUM> d = ToBignum(scalar);
  if (key == nullptr || d == nullptr ||
      !EC_KEY_set_private_key(key.get(), d.get())) {
    return nullptr;
  }
  return key;
}

// The coordinates of `key`'s public point. False for the scalar zero, whose
// point has none.
bool PublicPoint(const EC_KEY& key, Coordinate& x, Coordinate& y) {
  const EC_GROUP* group = EC_KEY_get0_group(&key);
  const bssl::UniquePtr<EC_POINT> point(EC_POINT_new(group));
  const bssl::UniquePtr<BIGNUM> bn_x(BN_new());
  const bssl::UniquePtr<BIGNUM> bn_y(BN_new());
  return point != nullptr && bn_x != nullptr && bn_y != nullptr &&
         EC_POINT_mul(group, point.get(), EC_KEY_get0_private_key(&key),
                      nullptr, nullptr, nullptr) &&
         EC_POINT_get_affine_coordinates_GFp(group, point.get(), bn_x.get(),
                                             bn_y.get(), nullptr) &&
         BN_bn2bin_padded(x.data(), x.size(), bn_x.get()) &&
         BN_bn2bin_padded(y.data(), y.size(), bn_y.get());
}

absl::StatusOr<KeyPair> P256FromScalar(ByteView scalar) {
  if (scalar.size() != kKeySize) {
    return absl::InvalidArgumentError("not 32 bytes");
  }
  const bssl::UniquePtr<EC_KEY> key = P256KeyOf(scalar);
  Coordinate x;
  Coordinate y;
  if (key == nullptr || !PublicPoint(*key, x, y)) {
    ERR_clear_error();
    return absl::InvalidArgumentError("not a P-256 key");
  }
  absl::StatusOr<Key> public_key = Key::P256(x, y);
  if (!public_key.ok()) return public_key.status();
  return KeyPair{*std::move(public_key), SecretBytes(scalar)};
}

absl::StatusOr<KeyPair> FromPrivate(KeyType type, ByteView private_key) {
  switch (type) {
    case KeyType::kEd25519:
      return Ed25519FromSeed(private_key);
    case KeyType::kP256:
      return P256FromScalar(private_key);
    case KeyType::kSymmetric:
      break;
  }
  absl::StatusOr<Key> key = Key::Symmetric(private_key);
  if (!key.ok()) return key.status();
  return KeyPair{*std::move(key), SecretBytes()};
}

absl::StatusOr<KeyPair> GeneratePair(Algorithm algorithm) {
  SecretBytes random(kKeySize);
  switch (algorithm) {
    case Algorithm::kEdDsa:
      RAND_bytes(random.data(), random.size());
      return FromPrivate(KeyType::kEd25519, random.view());
    case Algorithm::kHs256:
      RAND_bytes(random.data(), random.size());
      return FromPrivate(KeyType::kSymmetric, random.view());
    case Algorithm::kEs256:
      break;
  }
  const bssl::UniquePtr<EC_KEY> key(
      EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  if (key == nullptr || !EC_KEY_generate_key(key.get()) ||
      !BN_bn2bin_padded(random.data(), random.size(),
                        EC_KEY_get0_private_key(key.get()))) {
    return CryptoError();
  }
  return FromPrivate(KeyType::kP256, random.view());
}

// Takes `d` out of `json`.
absl::StatusOr<SecretBytes> TakePrivate(Json& json) {
  const auto member = json.find("d");
  if (member == json.end()) {
    return absl::InvalidArgumentError("d: missing; not a private key");
  }
  const std::string* text = AsText(&*member);
  std::optional<SecretBytes> bytes;
  if (text != nullptr) bytes = Base64UrlDecodeSecret(*text);
  if (!bytes.has_value()) {
    return absl::InvalidArgumentError("d: not base64url");
  }
  CleanseStrings(*member);
  json.erase(member);
  return *std::move(bytes);
}

absl::StatusOr<std::string> SignEs256(ByteView scalar, ByteView message) {
  const bssl::UniquePtr<EC_KEY> key = P256KeyOf(scalar);
  if (key == nullptr) return CryptoError();
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(message.data(), message.size(), digest);
  const bssl::UniquePtr<ECDSA_SIG> signature(
      ECDSA_do_sign(digest, sizeof(digest), key.get()));
  std::string raw(2 * kKeySize, '\0');
  uint8_t* const out = reinterpret_cast<uint8_t*>(raw.data());
  if (signature == nullptr ||
      !BN_bn2bin_padded(out, kKeySize, ECDSA_SIG_get0_r(signature.get())) ||
      !BN_bn2bin_padded(out + kKeySize, kKeySize,
                        ECDSA_SIG_get0_s(signature.get()))) {
    return CryptoError();
  }
  return raw;
}

std::string SignEdDsa(ByteView seed, ByteView message) {
  uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
  SecretBytes expanded(ED25519_PRIVATE_KEY_LEN);
  ED25519_keypair_from_seed(public_key, expanded.data(), seed.data());
  std::string signature(ED25519_SIGNATURE_LEN, '\0');
  ED25519_sign(reinterpret_cast<uint8_t*>(signature.data()), message.data(),
               message.size(), expanded.data());
  return signature;
}

std::string SignHs256(ByteView secret, ByteView message) {
  std::string mac(SHA256_DIGEST_LENGTH, '\0');
  unsigned length = 0;
  HMAC(EVP_sha256(), secret.data(), secret.size(), message.data(),
       message.size(), reinterpret_cast<uint8_t*>(mac.data()), &length);
  return mac;
}

}  // namespace

SigningKey::SigningKey(Jwk jwk, SecretBytes private_key)
    : jwk_(std::move(jwk)), private_key_(std::move(private_key)) {}

absl::StatusOr<SigningKey> SigningKey::Generate(Algorithm algorithm) {
  absl::StatusOr<KeyPair> pair = GeneratePair(algorithm);
  if (!pair.ok()) return pair.status();
  std::string text = pair->public_key.CanonicalJwk();
  absl::StatusOr<Jwk> unnamed = Jwk::Parse(text);
  if (!unnamed.ok()) return unnamed.status();
  text.pop_back();
  absl::StrAppend(&text, R"(,"kid":")", unnamed->Thumbprint(), R"("})");
  absl::StatusOr<Jwk> jwk = Jwk::Parse(text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!jwk.ok()) return jwk.status();
  return SigningKey(*std::move(jwk), std::move(pair->private_key));
}

absl::StatusOr<SigningKey> SigningKey::Parse(absl::string_view text) {
  absl::StatusOr<Json> json = ParseJsonObject(text);
  if (!json.ok()) return json.status();
  const std::string* kty = AsText(FindMember(*json, "kty"));
  SecretBytes private_key;
  if (kty == nullptr || *kty != "oct") {
    absl::StatusOr<SecretBytes> d = TakePrivate(*json);
    if (!d.ok()) return d.status();
    private_key = *std::move(d);
  }
  absl::StatusOr<Jwk> jwk = JwkReader::Read(*json);
  CleanseStrings(*json);
  if (!jwk.ok()) return jwk.status();
  if (jwk->type() != KeyType::kSymmetric) {
    absl::StatusOr<KeyPair> pair = FromPrivate(jwk->type(), private_key.view());
    if (!pair.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("d: ", pair.status().message()));
    }
    if (pair->public_key.CanonicalJwk() != jwk->key().CanonicalJwk()) {
      return absl::InvalidArgumentError("d: does not belong to the public key");
    }
  }
  return SigningKey(*std::move(jwk), std::move(private_key));
}

absl::StatusOr<std::string> SigningKey::Sign(ByteView message) const {
  switch (jwk_.type()) {
    case KeyType::kEd25519:
      return SignEdDsa(private_key_.view(), message);
    case KeyType::kP256:
      return SignEs256(private_key_.view(), message);
    case KeyType::kSymmetric:
      break;
  }
  return SignHs256(jwk_.key().secret(), message);
}

std::string SigningKey::ToPrivateJson() const {
  std::string text = jwk_.ToJson();
  if (private_key_.size() == 0) return text;
  text.pop_back();
  absl::StrAppend(&text, R"(,"d":")", Base64UrlEncode(private_key_.view()),
                  R"("})");
  return text;
}

}  // namespace sluice::ace
