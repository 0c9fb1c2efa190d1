#ifndef POLICY_ACE_JWS_H_
#define POLICY_ACE_JWS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/algorithm.h"
#include "policy/ace/jwk.h"
#include "policy/ace/secret_bytes.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// A JWS in the compact serialisation (RFC 7515 section 7.1), taken apart.
// Nothing in it is to be believed before Verify says so.
class Jws {
 public:
  // Takes `token` apart and checks its header. Failures carry a Rejection:
  //  - kUnparsable: not three parts of base64url, or the first is not that of a
  //    JSON object with a string `alg`;
  //  - kInvalid: `alg` "none" or unknown; `crit`, since we know no extension
  //    (section 4.1.11); `b64` (RFC 7797); a `kid` that is no string.
  // Header members that bring a key or say where to get one (`jwk`, `jku`,
  // `x5c`, `x5u`) are ignored: keys come from the configuration alone.
  // The result aliases `token`.
  static absl::StatusOr<Jws> Parse(absl::string_view token);

  // What the token says before anybody has vouched for it.
  // Lives as long as this.
  absl::string_view unverified_payload() const {
    return AsString(payload_.view());
  }

  // Checks the signature with the key of `keys` that ChooseVerificationKey
  // finds for the header. No such key or a wrong signature: kInvalid.
  absl::Status Verify(const JwkSet& keys) const;

 private:
  Jws() = default;

  // From the header.
  Algorithm algorithm_ = Algorithm::kEdDsa;
  std::optional<std::string> kid_;

  absl::string_view signing_input_;
  SecretBytes payload_;  // may hold a key where the token was encrypted
  std::string signature_;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_JWS_H_
