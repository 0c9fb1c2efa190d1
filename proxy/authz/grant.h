#ifndef PROXY_AUTHZ_GRANT_H_
#define PROXY_AUTHZ_GRANT_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/authz/rule_set.h"
#include "proxy/authz/scope.h"
#include "proxy/authz/topic_verdict.h"

namespace sluice::authz {

// A policy service's grant, compiled for judging packets.
class Grant {
 public:
  // Fails on an invalid topic filter, on a bad time, on a rule that would not
  // be held in full (see Rule), and on a grant that never ends although it has
  // a subject or an issuer: what the policy service says is not followed in
  // part.
  static absl::StatusOr<Grant> Compile(const policy::v1::Grant& grant);

  Grant(Grant&&) = default;
  Grant& operator=(Grant&&) = default;

  const std::string& subject() const { return subject_; }
  const std::string& issuer() const { return issuer_; }
  const std::string& token_id() const { return token_id_; }
  // What the token's key can be revoked by.
  const std::vector<std::string>& key_ids() const { return key_ids_; }
  // What the token is bound to: the first of them; empty without a token.
  std::string key_id() const { return key_ids_.empty() ? "" : key_ids_[0]; }
  // The token's client-nonce (RFC 9200 section 5.3.1); empty where it has none.
  const std::string& client_nonce() const { return client_nonce_; }
  // Of the policy that this was granted by; empty where the service has none.
  const std::string& policy_version() const { return policy_version_; }
  // InfiniteFuture for an anonymous client.
  absl::Time expires_at() const { return expires_at_; }
  // From the grant's arrival until the policy service is to be asked again.
  // InfiniteDuration where it need not be.
  absl::Duration recheck_after() const { return recheck_after_; }

  // When the token itself ends: no earlier than the grant. InfiniteFuture also
  // where that is not known.
  absl::Time token_expires_at() const { return token_expires_at_; }

  bool IsExpired(absl::Time now) const { return now >= expires_at_; }
  // Whether both have the same scope and the same rules, as found by comparing
  // pointers: what is equal and in use is shared.
  bool JudgesAs(const Grant& other) const {
    return scope_ == other.scope_ && rules_ == other.rules_;
  }
  const RuleSet& rules() const { return rules_; }

  // On a PUBLISH to `topic` (ACE-SCP-3), and on its delivery (ACE-OUT-1).
  // Expiry is not looked at.
  TopicVerdict JudgePublish(absl::string_view topic) const;
  TopicVerdict JudgeDelivery(absl::string_view topic) const;
  // ACE-SCP-4, but for limits; a shared subscription is judged on the filter in
  // it.
  TopicVerdict JudgeSubscription(absl::string_view filter) const;

  // What lets one publish to, receive from or subscribe to something: a filter
  // of the grant, "public" for an anonymous client, or nothing.
  absl::string_view PublishRule(absl::string_view topic) const;
  absl::string_view ReceiveRule(absl::string_view topic) const;
  absl::string_view SubscribeRule(absl::string_view filter) const;

 private:
  Grant() = default;

  absl::string_view RuleOf(const std::string* filter) const;

  std::string subject_;
  std::string issuer_;
  std::string token_id_;
  std::vector<std::string> key_ids_;
  std::string client_nonce_;
  std::string policy_version_;
  absl::Time expires_at_ = absl::InfiniteFuture();
  absl::Time token_expires_at_ = absl::InfiniteFuture();
  absl::Duration recheck_after_ = absl::InfiniteDuration();
  std::shared_ptr<const Scope> scope_;
  RuleSet rules_;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_GRANT_H_
