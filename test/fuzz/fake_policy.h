#ifndef TEST_FUZZ_FAKE_POLICY_H_
#define TEST_FUZZ_FAKE_POLICY_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/session/settings.h"
#include "test/fuzz/policy_model.h"
#include "test/fuzz/session_model.h"
#include "test/fuzz/session_set_up.h"

namespace sluice::session {

// What answers a fuzzed session's questions: with anything, but for a grant
// where there was no way to compare the proof.
class FakePolicy {
 public:
  // They outlive it.
  FakePolicy(const SetUp* set_up, const Settings* settings)
      : set_up_(*set_up), settings_(*settings) {}

  // A grant that is wide or narrow, or in its place a denial.
  policy::v1::AuthenticateResponse Grant(const PolicyModel::Asked& asked,
                                         bool wide, absl::Time now);
  // What decides nothing. Without facts it is the set-up that says what, and
  // with them the question.
  policy::v1::AuthenticateResponse Undecided(const PolicyModel::Asked& asked,
                                             bool first) const;
  policy::v1::AuthenticateResponse Denial() const;

  // Of what a client has published to be stored.
  absl::StatusOr<policy::v1::StoreTokenResponse> Store(bool is_good,
                                                       bool is_last) const;

  policy::v1::Revocation Revocation() const;
  // Whether that is about `grant`.
  bool Revokes(const GrantModel& grant) const;
  // Whether its client-nonce will do.
  bool IsFresh(const GrantModel& grant) const;

  // Null where there is none of that token_id.
  const GrantModel* Find(const std::string& token_id) const;

 private:
  bool IsPublic(const PolicyModel::Asked& asked, bool wide) const;
  GrantModel MakeGrant(const PolicyModel::Asked& asked, bool wide,
                       absl::Time now) const;

  const SetUp& set_up_;
  const Settings& settings_;
  std::map<std::string, GrantModel> grants_;  // by token_id
};

}  // namespace sluice::session

#endif  // TEST_FUZZ_FAKE_POLICY_H_
