#ifndef POLICY_ACE_COSE_SIGN_H_
#define POLICY_ACE_COSE_SIGN_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/content_encryption.h"
#include "policy/ace/jwk.h"
#include "policy/ace/signing_key.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// Signs `payload`, the CBOR of the claims, as a CWT: a tagged COSE_Sign1, or
// COSE_Mac0 where `key` is symmetric. `alg` is protected; `kid`, where the key
// has one, is not.
absl::StatusOr<std::string> SignCwt(const SigningKey& key,
                                    absl::string_view payload);

// The same with headers of the caller's, taken as they are, both encoded maps
// (the protected one may be empty), and without a tag: also a message that no
// verifier should take.
absl::StatusOr<std::string> SignCose(const SigningKey& key,
                                     absl::string_view protected_header,
                                     absl::string_view unprotected_header,
                                     absl::string_view payload);

// Encrypts `plaintext` directly with `key`, which FitsDirectly, else
// InvalidArgument: a tagged COSE_Encrypt0 with the key's `kid`, where it has
// one.
absl::StatusOr<std::string> EncryptCose(ByteView plaintext, const Jwk& key,
                                        ContentEncryption encryption);

}  // namespace sluice::ace

#endif  // POLICY_ACE_COSE_SIGN_H_
