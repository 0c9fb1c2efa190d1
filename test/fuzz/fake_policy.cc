#include "test/fuzz/fake_policy.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "test/fuzz/session_fakes.h"

namespace sluice::session {

using policy::v1::AuthenticateRequest;
using policy::v1::AuthenticateResponse;

AuthenticateResponse FakePolicy::Grant(const PolicyModel::Asked& asked,
                                       bool wide, absl::Time now) {
  AuthenticateResponse answer;
  if (asked.is_unprovable) {
    answer.mutable_denial()->set_reason(
        policy::v1::Denial::REASON_PROOF_INVALID);
    return answer;
  }
  GrantModel grant = MakeGrant(asked, wide, now);
  grant.token_id = absl::StrCat(grants_.size());
  *answer.mutable_grant() = grant.ToProto();
  grants_[grant.token_id] = grant;
  return answer;
}

AuthenticateResponse FakePolicy::Undecided(const PolicyModel::Asked& asked,
                                           bool first) const {
  AuthenticateResponse answer;
  if (set_up_.has_facts ? asked.asks_nonce : set_up_.gives_nonces) {
    // That of a token may be missing, where that will do.
    const char* other = settings_.cnonce_optional ? "" : "stale";
    answer.mutable_token_nonce()->set_cnonce(first ? kFresh : other);
  } else if (first) {
    answer.mutable_challenge_required();
  } else {
    answer.mutable_user_name_wanted();
  }
  return answer;
}

AuthenticateResponse FakePolicy::Denial() const {
  AuthenticateResponse answer;
  answer.mutable_denial()->set_reason(set_up_.denial_reason());
  return answer;
}

absl::StatusOr<policy::v1::StoreTokenResponse> FakePolicy::Store(
    bool is_good, bool is_last) const {
  policy::v1::StoreTokenResponse answer;
  if (!is_good) {
    if (set_up_.Has(SetUp::kPolicy, SetUp::kStoreFails)) {
      if (is_last) return answer;  // without anything in it
      return absl::ResourceExhaustedError("");
    }
    answer.mutable_denial()->set_reason(set_up_.denial_reason());
  } else if (set_up_.gives_nonces && is_last) {
    answer.mutable_token_nonce()->set_cnonce(kFresh);
  } else {
    answer.mutable_stored()->set_cnonce(kFresh);
  }
  return answer;
}

policy::v1::Revocation FakePolicy::Revocation() const {
  policy::v1::Revocation revocation;
  revocation.set_name("r");
  if (set_up_.Has(SetUp::kPolicy, SetUp::kRevokesKey)) {
    revocation.set_key_id(GrantModel::kKeyId);
  } else {
    revocation.set_subject(GrantModel::kSubject);
  }
  return revocation;
}

bool FakePolicy::Revokes(const GrantModel& grant) const {
  return set_up_.Has(SetUp::kPolicy, SetUp::kRevokesKey)
             ? grant.key_id == GrantModel::kKeyId
             : !grant.is_public;
}

bool FakePolicy::IsFresh(const GrantModel& grant) const {
  if (!set_up_.gives_nonces || grant.is_public) return true;
  return grant.client_nonce.empty() ? settings_.cnonce_optional
                                    : grant.client_nonce == kFresh;
}

const GrantModel* FakePolicy::Find(const std::string& token_id) const {
  const auto found = grants_.find(token_id);
  return found == grants_.end() ? nullptr : &found->second;
}

bool FakePolicy::IsPublic(const PolicyModel::Asked& asked, bool wide) const {
  if (!set_up_.has_facts) return set_up_.is_public;
  const bool is_public = asked.credential == AuthenticateRequest::kAnonymous &&
                         (set_up_.is_public || !asked.has_tls_key);
  return is_public !=
         (!wide && set_up_.Has(SetUp::kAnswers, SetUp::kNarrowIsOtherSort));
}

GrantModel FakePolicy::MakeGrant(const PolicyModel::Asked& asked, bool wide,
                                 absl::Time now) const {
  GrantModel grant;
  grant.wide = wide;
  grant.is_public = IsPublic(asked, wide);
  grant.expires_at = now + (wide ? absl::Hours(1) : absl::Minutes(5));
  if (wide && grant.is_public) grant.expires_at = absl::InfiniteFuture();
  if (set_up_.rechecks()) grant.recheck_after = absl::Minutes(1);
  if (wide) grant.client_nonce = kFresh;
  if (set_up_.has_facts && !grant.is_public) {
    const bool is_other =
        !wide && set_up_.Has(SetUp::kAnswers, SetUp::kNarrowHasOtherKey);
    grant.key_id = is_other ? "l" : GrantModel::kKeyId;
  }
  grant.token_may_last_longer = set_up_.Has(SetUp::kPolicy, SetUp::kTokenLasts);
  grant.has_policy_version = !set_up_.Has(SetUp::kPolicy, SetUp::kNoVersion);
  grant.token = asked.token;
  grant.is_recheck = asked.credential == AuthenticateRequest::kRecheck;
  return grant;
}

}  // namespace sluice::session
