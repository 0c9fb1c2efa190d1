#include "proxy/authz/grant.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "proto/timestamp.h"
#include "proxy/mqtt/topic.h"

namespace sluice::authz {
namespace {

TopicVerdict Allowed() {
  TopicVerdict verdict;
  verdict.allowed = true;
  return verdict;
}

// Of what is within the scope.
TopicVerdict VerdictOf(RuleSet::Ruling ruling) {
  TopicVerdict verdict;
  verdict.denial = ruling.denial;
  verdict.allowed = ruling.denial == nullptr;
  if (verdict.allowed) verdict.rules = std::move(ruling.others);
  return verdict;
}

}  // namespace

absl::StatusOr<Grant> Grant::Compile(const policy::v1::Grant& message) {
  Grant grant;
  grant.subject_ = message.subject();
  grant.issuer_ = message.issuer();
  grant.token_id_ = message.token_id();
  grant.key_ids_.assign(message.key_ids().begin(), message.key_ids().end());
  grant.client_nonce_ = message.cnonce();
  grant.policy_version_ = message.policy_version();
  if (message.has_expires_at()) {
    const std::optional<absl::Time> end = FromTimestamp(message.expires_at());
    if (!end.has_value()) {
      return absl::InvalidArgumentError("grant with a malformed expiry");
    }
    grant.expires_at_ = *end;
  } else if (!grant.subject_.empty() || !grant.issuer_.empty()) {
    return absl::InvalidArgumentError("grant for a token without an expiry");
  }
  if (!message.token_may_last_longer()) {
    grant.token_expires_at_ = grant.expires_at_;
  }
  if (message.has_recheck_after()) {
    const auto& after = message.recheck_after();
    if (after.seconds() < 0 || after.nanos() < 0 || after.nanos() > 999999999) {
      return absl::InvalidArgumentError("grant with a malformed recheck_after");
    }
    grant.recheck_after_ = FromProtoDuration(after);
  }
  absl::StatusOr<std::shared_ptr<const Scope>> scope =
      Scope::Compile(message.permissions());
  if (!scope.ok()) return scope.status();
  grant.scope_ = *std::move(scope);
  absl::StatusOr<RuleSet> rules = RuleSet::Compile(message.rules());
  if (!rules.ok()) return rules.status();
  grant.rules_ = *std::move(rules);
  return grant;
}

TopicVerdict Grant::JudgePublish(absl::string_view topic) const {
  if (!scope_->publish().Matches(topic)) return {};
  return rules_.empty() ? Allowed() : VerdictOf(rules_.OnPublish(topic));
}

TopicVerdict Grant::JudgeDelivery(absl::string_view topic) const {
  if (!scope_->subscribe().Matches(topic)) return {};
  return rules_.empty() ? Allowed() : VerdictOf(rules_.OnDelivery(topic));
}

TopicVerdict Grant::JudgeSubscription(absl::string_view filter) const {
  filter = mqtt::WithoutShare(filter);
  if (!scope_->subscribe().Covers(filter)) return {};
  return rules_.empty() ? Allowed() : VerdictOf(rules_.OnSubscription(filter));
}

absl::string_view Grant::RuleOf(const std::string* filter) const {
  if (filter == nullptr) return "";
  return issuer_.empty() ? "public" : absl::string_view(*filter);
}

absl::string_view Grant::PublishRule(absl::string_view topic) const {
  return RuleOf(scope_->publish().FindMatch(topic));
}

absl::string_view Grant::ReceiveRule(absl::string_view topic) const {
  return RuleOf(scope_->subscribe().FindMatch(topic));
}

absl::string_view Grant::SubscribeRule(absl::string_view filter) const {
  return RuleOf(scope_->subscribe().FindCover(mqtt::WithoutShare(filter)));
}

}  // namespace sluice::authz
