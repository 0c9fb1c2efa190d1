#include "policy/ace/content_encryption.h"

#include <cstdint>

#include "policy/ace/openssl_guard.h"

namespace sluice::ace {
namespace {

constexpr ContentEncryption kAll[] = {
    ContentEncryption::kA128Gcm, ContentEncryption::kA256Gcm,
    ContentEncryption::kA128CbcHs256, ContentEncryption::kAesCcm16_64_128};

constexpr size_t kTagSize = 16;
constexpr size_t kCcmTagSize = 8;
constexpr size_t kCcmIvSize = 13;
constexpr size_t kAesBlockSize = 16;
constexpr size_t kGcmIvSize = 12;
constexpr size_t kHalfKeySize = 16;  // of A128CBC-HS256

// Null for A128CBC-HS256, which BoringSSL has no EVP_AEAD for.
const EVP_AEAD* AeadOf(ContentEncryption encryption) {
  switch (encryption) {
    case ContentEncryption::kA128Gcm:
      return EVP_aead_aes_128_gcm();
    case ContentEncryption::kA256Gcm:
      return EVP_aead_aes_256_gcm();
    case ContentEncryption::kAesCcm16_64_128:
      return EVP_aead_aes_128_ccm_bluetooth_8();
    case ContentEncryption::kA128CbcHs256:
      break;
  }
  return nullptr;
}

std::optional<SecretBytes> OpenAead(const EVP_AEAD* aead, ByteView key,
                                    ByteView iv, ByteView ciphertext,
                                    ByteView tag, ByteView aad) {
  bssl::ScopedEVP_AEAD_CTX context;
  SecretBytes plaintext(ciphertext.size());
  if (!EVP_AEAD_CTX_init(context.get(), aead, key.data(), key.size(),
                         tag.size(), nullptr) ||
      !EVP_AEAD_CTX_open_gather(context.get(), plaintext.data(), iv.data(),
                                iv.size(), ciphertext.data(), ciphertext.size(),
                                tag.data(), tag.size(), aad.data(),
                                aad.size())) {
    return std::nullopt;
  }
  return plaintext;
}

// RFC 7518 section 5.2.2: HMAC over aad, iv, ciphertext and the length of aad
// in bits, cut to its first half.
bool CbcTagIsRight(ByteView mac_key, ByteView iv, ByteView ciphertext,
                   ByteView tag, ByteView aad) {
  uint8_t aad_bits[8];
  const uint64_t bits = uint64_t{aad.size()} * 8;
  for (int i = 0; i < 8; ++i) {
    aad_bits[i] = static_cast<uint8_t>(bits >> (56 - 8 * i));
  }
  uint8_t mac[SHA256_DIGEST_LENGTH];
  unsigned length = 0;
  bssl::ScopedHMAC_CTX context;
  return HMAC_Init_ex(context.get(), mac_key.data(), mac_key.size(),
                      EVP_sha256(), nullptr) &&
         HMAC_Update(context.get(), aad.data(), aad.size()) &&
         HMAC_Update(context.get(), iv.data(), iv.size()) &&
         HMAC_Update(context.get(), ciphertext.data(), ciphertext.size()) &&
         HMAC_Update(context.get(), aad_bits, sizeof(aad_bits)) &&
         HMAC_Final(context.get(), mac, &length) &&
         CRYPTO_memcmp(mac, tag.data(), kTagSize) == 0;
}

std::optional<SecretBytes> OpenCbc(ByteView key, ByteView iv,
                                   ByteView ciphertext, ByteView tag,
                                   ByteView aad) {
  if (!CbcTagIsRight(key.first(kHalfKeySize), iv, ciphertext, tag, aad)) {
    return std::nullopt;
  }
  bssl::ScopedEVP_CIPHER_CTX context;
  SecretBytes padded(ciphertext.size() + kAesBlockSize);
  int length = 0;
  int rest = 0;
  if (!EVP_DecryptInit_ex(context.get(), EVP_aes_128_cbc(), nullptr,
                          key.subspan(kHalfKeySize).data(), iv.data()) ||
      !EVP_DecryptUpdate(context.get(), padded.data(), &length,
                         ciphertext.data(),
                         static_cast<int>(ciphertext.size())) ||
      !EVP_DecryptFinal_ex(context.get(), padded.data() + length, &rest)) {
    return std::nullopt;
  }
  return SecretBytes(padded.view().first(length + rest));
}

}  // namespace

absl::string_view ContentEncryptionName(ContentEncryption encryption) {
  switch (encryption) {
    case ContentEncryption::kA128Gcm:
      return "A128GCM";
    case ContentEncryption::kA256Gcm:
      return "A256GCM";
    case ContentEncryption::kA128CbcHs256:
      return "A128CBC-HS256";
    case ContentEncryption::kAesCcm16_64_128:
      return "AES-CCM-16-64-128";
  }
  return "";
}

std::optional<ContentEncryption> ContentEncryptionFromName(
    absl::string_view name) {
  for (const ContentEncryption encryption : kAll) {
    if (encryption != ContentEncryption::kAesCcm16_64_128 &&
        name == ContentEncryptionName(encryption)) {
      return encryption;
    }
  }
  return std::nullopt;
}

std::optional<int64_t> CoseContentEncryptionId(ContentEncryption encryption) {
  switch (encryption) {
    case ContentEncryption::kA128Gcm:
      return 1;
    case ContentEncryption::kA256Gcm:
      return 3;
    case ContentEncryption::kAesCcm16_64_128:
      return 10;
    case ContentEncryption::kA128CbcHs256:
      break;
  }
  return std::nullopt;
}

std::optional<ContentEncryption> ContentEncryptionFromCoseId(int64_t id) {
  for (const ContentEncryption encryption : kAll) {
    if (CoseContentEncryptionId(encryption) == id) return encryption;
  }
  return std::nullopt;
}

size_t ContentKeySize(ContentEncryption encryption) {
  switch (encryption) {
    case ContentEncryption::kA128Gcm:
    case ContentEncryption::kAesCcm16_64_128:
      return 16;
    case ContentEncryption::kA256Gcm:
    case ContentEncryption::kA128CbcHs256:
      break;
  }
  return 32;
}

size_t ContentIvSize(ContentEncryption encryption) {
  switch (encryption) {
    case ContentEncryption::kA128CbcHs256:
      return kAesBlockSize;
    case ContentEncryption::kAesCcm16_64_128:
      return kCcmIvSize;
    case ContentEncryption::kA128Gcm:
    case ContentEncryption::kA256Gcm:
      break;
  }
  return kGcmIvSize;
}

size_t ContentTagSize(ContentEncryption encryption) {
  return encryption == ContentEncryption::kAesCcm16_64_128 ? kCcmTagSize
                                                           : kTagSize;
}

std::optional<SecretBytes> OpenContent(ContentEncryption encryption,
                                       ByteView key, ByteView iv,
                                       ByteView ciphertext, ByteView tag,
                                       ByteView aad) {
  if (key.size() != ContentKeySize(encryption) ||
      iv.size() != ContentIvSize(encryption) ||
      tag.size() != ContentTagSize(encryption)) {
    return std::nullopt;
  }
  const EVP_AEAD* aead = AeadOf(encryption);
  std::optional<SecretBytes> plaintext =
      aead == nullptr ? OpenCbc(key, iv, ciphertext, tag, aad)
                      : OpenAead(aead, key, iv, ciphertext, tag, aad);
  if (!plaintext.has_value()) ERR_clear_error();
  return plaintext;
}

std::optional<std::string> SealContent(ContentEncryption encryption,
                                       ByteView key, ByteView iv,
                                       ByteView plaintext, ByteView aad) {
  const EVP_AEAD* aead = AeadOf(encryption);
  if (aead == nullptr || key.size() != ContentKeySize(encryption) ||
      iv.size() != ContentIvSize(encryption)) {
    return std::nullopt;
  }
  const size_t tag_size = ContentTagSize(encryption);
  std::string sealed(plaintext.size() + tag_size, '\0');
  size_t size = 0;
  bssl::ScopedEVP_AEAD_CTX context;
  if (!EVP_AEAD_CTX_init(context.get(), aead, key.data(), key.size(), tag_size,
                         nullptr) ||
      !EVP_AEAD_CTX_seal(context.get(),
                         reinterpret_cast<uint8_t*>(sealed.data()), &size,
                         sealed.size(), iv.data(), iv.size(), plaintext.data(),
                         plaintext.size(), aad.data(), aad.size())) {
    ERR_clear_error();
    return std::nullopt;
  }
  return sealed;
}

}  // namespace sluice::ace
