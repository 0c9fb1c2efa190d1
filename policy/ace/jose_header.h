#ifndef POLICY_ACE_JOSE_HEADER_H_
#define POLICY_ACE_JOSE_HEADER_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/json.h"

namespace sluice::ace {

// Reads the first part of a JWS or JWE in the compact serialisation: the
// base64url of a JSON object (RFC 7515 section 4, RFC 7516 section 4) with a
// string `alg`. InvalidArgument, saying which of these it is not, else.
absl::StatusOr<Json> ParseJoseHeader(absl::string_view part);

}  // namespace sluice::ace

#endif  // POLICY_ACE_JOSE_HEADER_H_
