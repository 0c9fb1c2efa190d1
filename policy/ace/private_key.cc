#include "policy/ace/private_key.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "policy/ace/base64url.h"
#include "policy/ace/jwk_reader.h"
#include "policy/ace/key_error.h"

namespace sluice::ace {
namespace {

using Coordinate = std::array<uint8_t, kPrivateKeySize>;

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

absl::StatusOr<Key> P256Public(ByteView scalar) {
  const bssl::UniquePtr<EC_KEY> key = P256PrivateKey(scalar);
  Coordinate x;
  Coordinate y;
  if (key == nullptr || !PublicPoint(*key, x, y)) {
    ERR_clear_error();
    return absl::InvalidArgumentError("not a P-256 key");
  }
  return Key::P256(x, y);
}

absl::StatusOr<Key> Ed25519Public(ByteView seed) {
  uint8_t public_key[ED25519_PUBLIC_KEY_LEN];
  SecretBytes expanded(ED25519_PRIVATE_KEY_LEN);
  ED25519_keypair_from_seed(public_key, expanded.data(), seed.data());
  return Key::Ed25519(public_key);
}

absl::StatusOr<Key> X25519Public(ByteView scalar) {
  uint8_t public_key[X25519_PUBLIC_VALUE_LEN];
  X25519_public_from_private(public_key, scalar.data());
  return Key::X25519(public_key);
}

// Takes `d` out of `json`.
absl::StatusOr<SecretBytes> TakePrivate(Json& json) {
  if (!json.is_object()) {
    return absl::InvalidArgumentError("not a JSON object");
  }
  const auto member = json.find("d");
  if (member == json.end()) {
    return KeyError("d", "missing; not a private key");
  }
  const std::string* text = AsText(&*member);
  std::optional<SecretBytes> bytes;
  if (text != nullptr) bytes = Base64UrlDecodeSecret(*text);
  if (!bytes.has_value()) return KeyError("d", "not base64url");
  CleanseStrings(*member);
  json.erase(member);
  return *std::move(bytes);
}

}  // namespace

bssl::UniquePtr<EC_KEY> P256PrivateKey(ByteView scalar) {
  bssl::UniquePtr<EC_KEY> key(EC_KEY_new_by_curve_name(NID_X9_62_prime256v1));
  const bssl::UniquePtr<BIGNUM> d(
      BN_bin2bn(scalar.data(), scalar.size(), nullptr));
  if (key == nullptr || d == nullptr ||
      !EC_KEY_set_private_key(key.get(), d.get())) {
    return nullptr;
  }
  return key;
}

absl::StatusOr<Key> PublicKeyOf(KeyType type, ByteView private_key) {
  if (type == KeyType::kRsa) {
    return absl::UnimplementedError("a private RSA key is not supported");
  }
  if (private_key.size() != kPrivateKeySize) {
    return absl::InvalidArgumentError("not 32 bytes");
  }
  switch (type) {
    case KeyType::kEd25519:
      return Ed25519Public(private_key);
    case KeyType::kP256:
      return P256Public(private_key);
    case KeyType::kX25519:
      return X25519Public(private_key);
    case KeyType::kRsa:
    case KeyType::kSymmetric:
      break;
  }
  return absl::InvalidArgumentError("has no public key");
}

absl::StatusOr<PrivateJwk> ReadPrivateJwk(Json& json) {
  const auto wipe = absl::MakeCleanup([&json] { CleanseStrings(json); });
  const std::string* kty = AsText(FindMember(json, "kty"));
  SecretBytes private_key;
  if (kty == nullptr || *kty != "oct") {
    absl::StatusOr<SecretBytes> d = TakePrivate(json);
    if (!d.ok()) return d.status();
    private_key = *std::move(d);
  }
  absl::StatusOr<Jwk> jwk = JwkReader::Read(json);
  if (!jwk.ok()) return jwk.status();
  if (jwk->type() != KeyType::kSymmetric) {
    const absl::StatusOr<Key> public_key =
        KeyFrom("d", PublicKeyOf(jwk->type(), private_key.view()));
    if (!public_key.ok()) return public_key.status();
    if (public_key->CanonicalJwk() != jwk->key().CanonicalJwk()) {
      return KeyError("d", "does not belong to the public key");
    }
  }
  return PrivateJwk{*std::move(jwk), std::move(private_key)};
}

}  // namespace sluice::ace
