#ifndef POLICY_ACE_JWK_READER_H_
#define POLICY_ACE_JWK_READER_H_

#include "absl/status/statusor.h"
#include "policy/ace/json.h"
#include "policy/ace/jwk.h"

namespace sluice::ace {

// Jwk::Parse for a JWK inside a larger document that is parsed already.
class JwkReader {
 public:
  static absl::StatusOr<Jwk> Read(const Json& jwk);
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_JWK_READER_H_
