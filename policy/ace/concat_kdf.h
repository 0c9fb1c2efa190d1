#ifndef POLICY_ACE_CONCAT_KDF_H_
#define POLICY_ACE_CONCAT_KDF_H_

#include <cstddef>

#include "absl/strings/string_view.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// The key of `size` bytes, 32 at most, that ECDH-ES derives from the shared
// `secret` (RFC 7518 section 4.6.2): `algorithm` is the `enc` that it is for,
// `party_u` and `party_v` are the header's `apu` and `apv`, decoded.
SecretBytes DeriveConcatKdf(ByteView secret, absl::string_view algorithm,
                            ByteView party_u, ByteView party_v, size_t size);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CONCAT_KDF_H_
