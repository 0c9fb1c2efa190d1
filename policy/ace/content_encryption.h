#ifndef POLICY_ACE_CONTENT_ENCRYPTION_H_
#define POLICY_ACE_CONTENT_ENCRYPTION_H_

#include <cstddef>
#include <optional>

#include "absl/strings/string_view.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// The `enc` of a JWE (RFC 7518 section 5.1).
enum class ContentEncryption {
  kA128Gcm,
  kA256Gcm,
  kA128CbcHs256,
};

absl::string_view ContentEncryptionName(ContentEncryption encryption);
std::optional<ContentEncryption> ContentEncryptionFromName(
    absl::string_view name);

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

}  // namespace sluice::ace

#endif  // POLICY_ACE_CONTENT_ENCRYPTION_H_
