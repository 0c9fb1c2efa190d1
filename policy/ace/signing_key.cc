#include "policy/ace/signing_key.h"

#include <cstdint>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/base64url.h"
#include "policy/ace/json.h"
#include "policy/ace/openssl_guard.h"
#include "policy/ace/private_key.h"

namespace sluice::ace {
namespace {

absl::Status CryptoError() {
  ERR_clear_error();
  return absl::InternalError("cryptographic operation failed");
}

// The private half with a public key that `private_key` itself yields.
struct KeyPair {
  Key public_key;
  SecretBytes private_key;
};

absl::StatusOr<KeyPair> FromPrivate(KeyType type, SecretBytes private_key) {
  const bool symmetric = type == KeyType::kSymmetric;
  absl::StatusOr<Key> key = symmetric ? Key::Symmetric(private_key.view())
                                      : PublicKeyOf(type, private_key.view());
  if (!key.ok()) return key.status();
  return KeyPair{*std::move(key),
                 symmetric ? SecretBytes() : std::move(private_key)};
}

absl::StatusOr<KeyPair> GeneratePair(Algorithm algorithm) {
  SecretBytes random(kPrivateKeySize);
  switch (algorithm) {
    case Algorithm::kEdDsa:
      RAND_bytes(random.data(), random.size());
      return FromPrivate(KeyType::kEd25519, std::move(random));
    case Algorithm::kHs256:
      RAND_bytes(random.data(), random.size());
      return FromPrivate(KeyType::kSymmetric, std::move(random));
    case Algorithm::kRs256:
    case Algorithm::kPs256:
      return absl::UnimplementedError("RSA keys are not made here");
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
  return FromPrivate(KeyType::kP256, std::move(random));
}

absl::StatusOr<std::string> SignEs256(ByteView scalar, ByteView message) {
  const bssl::UniquePtr<EC_KEY> key = P256PrivateKey(scalar);
  if (key == nullptr) return CryptoError();
  uint8_t digest[SHA256_DIGEST_LENGTH];
  SHA256(message.data(), message.size(), digest);
  const bssl::UniquePtr<ECDSA_SIG> signature(
      ECDSA_do_sign(digest, sizeof(digest), key.get()));
  std::string raw(2 * kPrivateKeySize, '\0');
  uint8_t* const out = reinterpret_cast<uint8_t*>(raw.data());
  if (signature == nullptr ||
      !BN_bn2bin_padded(out, kPrivateKeySize,
                        ECDSA_SIG_get0_r(signature.get())) ||
      !BN_bn2bin_padded(out + kPrivateKeySize, kPrivateKeySize,
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
  const absl::StatusOr<Jwk> jwk = Jwk::Parse(text);
  OPENSSL_cleanse(text.data(), text.size());
  if (!jwk.ok()) return jwk.status();
  return SigningKey(jwk->WithKid(jwk->Thumbprint()),
                    std::move(pair->private_key));
}

absl::StatusOr<SigningKey> SigningKey::Parse(absl::string_view text) {
  absl::StatusOr<Json> json = ParseJsonObject(text);
  if (!json.ok()) return json.status();
  absl::StatusOr<PrivateJwk> key = ReadPrivateJwk(*json);
  if (!key.ok()) return key.status();
  if (!key->jwk.key().algorithm().has_value()) {
    return absl::UnimplementedError("kty, crv: not a type that signs");
  }
  return SigningKey(std::move(key->jwk), std::move(key->private_key));
}

absl::StatusOr<std::string> SigningKey::Sign(ByteView message) const {
  switch (jwk_.type()) {
    case KeyType::kEd25519:
      return SignEdDsa(private_key_.view(), message);
    case KeyType::kP256:
      return SignEs256(private_key_.view(), message);
    case KeyType::kSymmetric:
      return SignHs256(jwk_.key().secret(), message);
    case KeyType::kRsa:
    case KeyType::kX25519:
      break;
  }
  return absl::InternalError("the key does not sign");
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
