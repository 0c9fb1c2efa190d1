#ifndef POLICY_ACE_CONTENT_ENCRYPTION_H_
#define POLICY_ACE_CONTENT_ENCRYPTION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// The `enc` of a JWE (RFC 7518 section 5.1) and the `alg` of a COSE_Encrypt0
// (RFC 9053 section 4).
enum class ContentEncryption {
  kA128Gcm,
  kA256Gcm,
  kA128CbcHs256,    // JOSE only
  kAesCcm16_64_128  // COSE only
};

// The name in JOSE or, of AES-CCM-16-64-128, COSE.
absl::string_view ContentEncryptionName(ContentEncryption encryption);

// From the `enc` of a JWE; nullopt for what JOSE does not have.
std::optional<ContentEncryption> ContentEncryptionFromName(
    absl::string_view name);

// The identifier in COSE; nullopt for what COSE does not have.
std::optional<int64_t> CoseContentEncryptionId(ContentEncryption encryption);
std::optional<ContentEncryption> ContentEncryptionFromCoseId(int64_t id);

// Bytes of the content encryption key, initialisation vector and tag.
size_t ContentKeySize(ContentEncryption encryption);
size_t ContentIvSize(ContentEncryption encryption);
size_t ContentTagSize(ContentEncryption encryption);

// Decrypts `ciphertext`; nullopt where a size is wrong or `tag` is not that of
// `iv`, `ciphertext` and `aad` under `key`. Nothing is decrypted before the tag
// is known to be right.
std::optional<SecretBytes> OpenContent(ContentEncryption encryption,
                                       ByteView key, ByteView iv,
                                       ByteView ciphertext, ByteView tag,
                                       ByteView aad);

// Encrypts `plaintext` with an AEAD, so not with A128CBC-HS256: the ciphertext
// and then the tag. nullopt where a size is wrong.
std::optional<std::string> SealContent(ContentEncryption encryption,
                                       ByteView key, ByteView iv,
                                       ByteView plaintext, ByteView aad);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CONTENT_ENCRYPTION_H_
