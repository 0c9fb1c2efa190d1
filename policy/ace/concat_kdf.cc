#include "policy/ace/concat_kdf.h"

#include <array>
#include <cstdint>

#include "policy/ace/openssl_guard.h"

namespace sluice::ace {
namespace {

void UpdateNumber(SHA256_CTX& hash, size_t number) {
  std::array<uint8_t, 4> big_endian;
  for (size_t i = 0; i < big_endian.size(); ++i) {
    big_endian[i] = static_cast<uint8_t>(number >> (24 - 8 * i));
  }
  SHA256_Update(&hash, big_endian.data(), big_endian.size());
}

void UpdateWithLength(SHA256_CTX& hash, ByteView bytes) {
  UpdateNumber(hash, bytes.size());
  SHA256_Update(&hash, bytes.data(), bytes.size());
}

}  // namespace

SecretBytes DeriveConcatKdf(ByteView secret, absl::string_view algorithm,
                            ByteView party_u, ByteView party_v, size_t size) {
  SHA256_CTX hash;
  SHA256_Init(&hash);
  UpdateNumber(hash, 1);  // the only round that 32 bytes need
  SHA256_Update(&hash, secret.data(), secret.size());
  UpdateWithLength(hash, AsBytes(algorithm));
  UpdateWithLength(hash, party_u);
  UpdateWithLength(hash, party_v);
  UpdateNumber(hash, 8 * size);
  SecretBytes derived(SHA256_DIGEST_LENGTH);
  SHA256_Final(derived.data(), &hash);
  OPENSSL_cleanse(&hash, sizeof(hash));
  return SecretBytes(derived.view().first(size));
}

}  // namespace sluice::ace
