#ifndef POLICY_ACE_BASE64URL_H_
#define POLICY_ACE_BASE64URL_H_

#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// base64url without padding (RFC 7515 section 2).
std::string Base64UrlEncode(ByteView bytes);

// The reverse, strict: nullopt for padding, white space, characters outside the
// alphabet, impossible lengths, and trailing bits that are not zero, so that
// each byte string has exactly one encoding. (abseil's decoder takes all but
// the wrong characters.)
std::optional<std::string> Base64UrlDecode(absl::string_view text);

// The same for key material.
std::optional<SecretBytes> Base64UrlDecodeSecret(absl::string_view text);

}  // namespace sluice::ace

#endif  // POLICY_ACE_BASE64URL_H_
