#ifndef POLICY_ACE_KEY_MANAGEMENT_H_
#define POLICY_ACE_KEY_MANAGEMENT_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "policy/ace/jwk.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// The `alg` of a JWE (RFC 7518 section 4.1): how the key that encrypts its
// content is told.
enum class KeyManagement { kDirect, kA128Kw, kA256Kw, kEcdhEs };

absl::string_view KeyManagementName(KeyManagement management);

// Whether `key` wraps keys with `management`, kA128Kw or kA256Kw.
bool FitsWrapping(const Jwk& key, KeyManagement management);

// Whether `key` agrees on keys with keys of `type`.
bool FitsAgreement(const Jwk& key, KeyType type);

// RFC 3394. `key` has 16 or 32 bytes. nullopt where `content_key` has not at
// least two blocks of 8 bytes, and whole ones.
std::optional<std::string> WrapKey(ByteView key, ByteView content_key);

// nullopt where `wrapped` is not what `key` wraps.
std::optional<SecretBytes> UnwrapKey(ByteView key, ByteView wrapped);

}  // namespace sluice::ace

#endif  // POLICY_ACE_KEY_MANAGEMENT_H_
