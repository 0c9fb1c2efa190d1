#include "policy/ace/content_encryption.h"

#include <cstdint>

#include "policy/ace/openssl_guard.h"

namespace sluice::ace {
namespace {

constexpr size_t kTagSize = 16;
constexpr size_t kAesBlockSize = 16;
constexpr size_t kGcmIvSize = 12;
constexpr size_t kHalfKeySize = 16;  // of A128CBC-HS256

std::optional<SecretBytes> OpenGcm(const EVP_AEAD* aead, ByteView key,
                                   ByteView iv, ByteView ciphertext,
                                   ByteView tag, ByteView aad) {
  bssl::ScopedEVP_AEAD_CTX context;
  SecretBytes plaintext(ciphertext.size());
  if (!EVP_AEAD_CTX_init(context.get(), aead, key.data(), key.size(), kTagSize,
                         nullptr) ||
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
  }
  return "";
}

std::optional<ContentEncryption> ContentEncryptionFromName(
    absl::string_view name) {
  for (const ContentEncryption encryption :
       {ContentEncryption::kA128Gcm, ContentEncryption::kA256Gcm,
        ContentEncryption::kA128CbcHs256}) {
    if (name == ContentEncryptionName(encryption)) return encryption;
  }
  return std::nullopt;
}

size_t ContentKeySize(ContentEncryption encryption) {
  return encryption == ContentEncryption::kA128Gcm ? 16 : 32;
}

size_t ContentIvSize(ContentEncryption encryption) {
  return encryption == ContentEncryption::kA128CbcHs256 ? kAesBlockSize
                                                        : kGcmIvSize;
}

size_t ContentTagSize(ContentEncryption) { return kTagSize; }

std::optional<SecretBytes> OpenContent(ContentEncryption encryption,
                                       ByteView key, ByteView iv,
                                       ByteView ciphertext, ByteView tag,
                                       ByteView aad) {
  if (key.size() != ContentKeySize(encryption) ||
      iv.size() != ContentIvSize(encryption) ||
      tag.size() != ContentTagSize(encryption)) {
    return std::nullopt;
  }
  std::optional<SecretBytes> plaintext;
  switch (encryption) {
    case ContentEncryption::kA128Gcm:
      plaintext =
          OpenGcm(EVP_aead_aes_128_gcm(), key, iv, ciphertext, tag, aad);
      break;
    case ContentEncryption::kA256Gcm:
      plaintext =
          OpenGcm(EVP_aead_aes_256_gcm(), key, iv, ciphertext, tag, aad);
      break;
    case ContentEncryption::kA128CbcHs256:
      plaintext = OpenCbc(key, iv, ciphertext, tag, aad);
      break;
  }
  if (!plaintext.has_value()) ERR_clear_error();
  return plaintext;
}

}  // namespace sluice::ace
