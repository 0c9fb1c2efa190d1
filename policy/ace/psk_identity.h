#ifndef POLICY_ACE_PSK_IDENTITY_H_
#define POLICY_ACE_PSK_IDENTITY_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

inline constexpr size_t kMaxPskIdentityBytes = 1024;

// Reads the identity of a pre-shared key in a TLS handshake (RFC 9202 section
// 3.3.2, RFC 9431 section 2.2.2): a confirmation that names a symmetric key,
// {"cnf":{"jwk":{"kty":"oct","kid":"..."}}} in JSON or {8:{1:{1:4,2:kid}}} in
// CBOR, or what `cnf` holds alone. Other members count for nothing.
//
// Returns what PopKey::kid() may be of the key that is meant; none is empty.
// The `kid` of a JWK is text, but may be the base64url of a COSE_Key's: it
// stands for either. InvalidArgument for anything else, and where the key
// itself is in the identity; the message holds nothing of it but an offset.
absl::StatusOr<std::vector<std::string>> ReadPskIdentity(ByteView identity);

}  // namespace sluice::ace

#endif  // POLICY_ACE_PSK_IDENTITY_H_
