#include "policy/ace/key_management.h"

#include <cstddef>
#include <cstdint>

#include "policy/ace/openssl_guard.h"

namespace sluice::ace {
namespace {

constexpr size_t kKeyWrapOverhead = 8;

// An expanded AES key, cleansed on destruction.
struct AesKey {
  ~AesKey() { OPENSSL_cleanse(&key, sizeof(key)); }
  AES_KEY key;
};

}  // namespace

absl::string_view KeyManagementName(KeyManagement management) {
  switch (management) {
    case KeyManagement::kDirect:
      return "dir";
    case KeyManagement::kA128Kw:
      return "A128KW";
    case KeyManagement::kA256Kw:
      return "A256KW";
    case KeyManagement::kEcdhEs:
      return "ECDH-ES";
  }
  return "";
}

bool FitsWrapping(const Jwk& key, KeyManagement management) {
  const size_t size = management == KeyManagement::kA128Kw ? 16 : 32;
  return key.type() == KeyType::kSymmetric &&
         key.Permits(KeyUse::kEncryption) &&
         key.key().secret().size() == size &&
         (key.alg().empty() || key.alg() == KeyManagementName(management));
}

bool FitsAgreement(const Jwk& key, KeyType type) {
  return key.type() == type && key.Permits(KeyUse::kEncryption) &&
         (key.alg().empty() ||
          key.alg() == KeyManagementName(KeyManagement::kEcdhEs));
}

std::optional<std::string> WrapKey(ByteView key, ByteView content_key) {
  AesKey aes;
  std::string wrapped(content_key.size() + kKeyWrapOverhead, '\0');
  if (AES_set_encrypt_key(key.data(), key.size() * 8, &aes.key) != 0 ||
      AES_wrap_key(&aes.key, nullptr,
                   reinterpret_cast<uint8_t*>(wrapped.data()),
                   content_key.data(), content_key.size()) < 0) {
    return std::nullopt;
  }
  return wrapped;
}

std::optional<SecretBytes> UnwrapKey(ByteView key, ByteView wrapped) {
  // BoringSSL wants two blocks of 8 bytes at the least, and whole ones.
  if (wrapped.size() < 3 * kKeyWrapOverhead ||
      wrapped.size() % kKeyWrapOverhead != 0) {
    return std::nullopt;
  }
  AesKey aes;
  if (AES_set_decrypt_key(key.data(), key.size() * 8, &aes.key) != 0) {
    return std::nullopt;
  }
  SecretBytes unwrapped(wrapped.size() - kKeyWrapOverhead);
  if (AES_unwrap_key(&aes.key, nullptr, unwrapped.data(), wrapped.data(),
                     wrapped.size()) < 0) {
    return std::nullopt;
  }
  return unwrapped;
}

}  // namespace sluice::ace
