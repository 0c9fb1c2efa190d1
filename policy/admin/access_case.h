#ifndef POLICY_ADMIN_ACCESS_CASE_H_
#define POLICY_ADMIN_ACCESS_CASE_H_

#include <vector>

#include "absl/strings/string_view.h"
#include "proto/sluice/admin/v1/access.pb.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/authz/grant.h"

namespace sluice::policy {

using AccessCase = admin::v1::ExplainAccessResponse::Case;

// Something that stands against the case; `need` is what would do away with it.
void Object(absl::string_view rule, absl::string_view detail,
            absl::string_view need, AccessCase* access_case);

// Judges what `query` (checked) asks for as a proxy does that follows `grant`:
// says by what it is granted, what stands against it, and what is asked of it.
// Rules that ask a checker are in the returned requests, to be judged by the
// answers: see JudgeByCheck(). `allowed` is for when they have been.
std::vector<v1::CheckRequest> JudgeAccess(const authz::Grant& grant,
                                          const admin::v1::AccessQuery& query,
                                          AccessCase* access_case);

// Adds what the checker of `request` has said.
void JudgeByCheck(const authz::Grant& grant, const v1::CheckRequest& request,
                  const v1::CheckResponse& answer, AccessCase* access_case);

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_ACCESS_CASE_H_
