#ifndef POLICY_SERVICE_ANSWERS_H_
#define POLICY_SERVICE_ANSWERS_H_

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/rejection.h"
#include "policy/ace/token_identity.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

v1::Denial::Reason ReasonOf(ace::Rejection rejection);

// Says whose token `denial` is about. `proven`: whoever asks has proven
// possession of its key.
void NameToken(const ace::TokenIdentity& identity, bool proven,
               v1::Denial* denial);

// A denial; `detail` is for the log and holds no secret.
template <typename Response>
Response Deny(v1::Denial::Reason reason, absl::string_view detail) {
  Response response;
  response.mutable_denial()->set_reason(reason);
  response.mutable_denial()->set_detail(std::string(detail));
  return response;
}

// A failed check as an answer: a refused credential is a denial, anything else
// stays an error. It names the token that `status` is about, of which
// possession was not proven.
template <typename Response>
absl::StatusOr<Response> DenialOrError(const absl::Status& status) {
  const std::optional<ace::Rejection> rejection = ace::RejectionOf(status);
  if (!rejection.has_value()) return status;
  Response response = Deny<Response>(ReasonOf(*rejection), status.message());
  if (const auto identity = ace::IdentityOf(status); identity.has_value()) {
    NameToken(*identity, /*proven=*/false, response.mutable_denial());
  }
  return response;
}

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_ANSWERS_H_
