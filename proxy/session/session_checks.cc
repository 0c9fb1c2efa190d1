// Rules that ask checkers.
#include <algorithm>
#include <memory>
#include <utility>

#include "absl/memory/memory.h"
#include "proto/timestamp.h"
#include "proxy/mqtt/topic.h"
#include "proxy/session/reasons.h"
#include "proxy/session/session.h"

namespace sluice::session {

using authz::Rule;
using authz::RuleSet;
using About = CheckQuestion::About;
using mqtt::ReasonCode;

namespace {

// To checkers, about one SUBSCRIBE: after so many about no other filter.
constexpr size_t kMaxQuestions = 64;

// What an answer that did not come counts for.
constexpr absl::Duration kFailureTtl = absl::Seconds(1);
constexpr absl::Duration kMaxTtl = absl::Hours(24);

absl::Duration TtlOf(const policy::v1::CheckResponse& answer) {
  return std::clamp(FromProtoDuration(answer.ttl()), absl::ZeroDuration(),
                    kMaxTtl);
}

Action ActionOf(About about) {
  switch (about) {
    case About::kPublish:
      return Action::kPublish;
    case About::kSubscribe:
      return Action::kSubscribe;
    case About::kDeliver:
      return Action::kDeliver;
  }
  return Action::kDeliver;
}

}  // namespace

CheckVerdict Session::JudgeByCheckers(About about, absl::string_view topic,
                                      const RuleSet::Places& places) {
  CheckVerdict verdict;
  for (const uint16_t place : places) {
    const Rule& rule = grant_->rules().at(place);
    if (rule.checker().empty()) continue;
    // What it would do is told of each message.
    if (rule.shadow()) verdict.until = absl::InfinitePast();
    switch (checks_.Find(rule.name(), about, topic, now_, &verdict.until)) {
      case ExternalChecks::Answer::kAllowed:
        break;
      case ExternalChecks::Answer::kDenied:
        if (!rule.shadow()) return {CheckVerdict::Kind::kDenied, &rule};
        break;
      case ExternalChecks::Answer::kUnknown:
        if (!rule.shadow()) verdict.kind = CheckVerdict::Kind::kUnknown;
        break;
    }
  }
  return verdict;
}

void Session::AskCheckers(About about, absl::string_view topic,
                          const RuleSet::Places& places) {
  for (const uint16_t place : places) {
    const Rule& rule = grant_->rules().at(place);
    if (rule.checker().empty() ||
        checks_.Find(rule.name(), about, topic, now_) !=
            ExternalChecks::Answer::kUnknown ||
        checks_.IsAsked(rule.name(), about, topic)) {
      continue;
    }
    if (!checks_.HasRoom(rule.shadow())) {
      if (!rule.shadow()) checks_.AwaitRoom(ExternalChecks::SideOf(about));
      continue;
    }
    auto request = absl::make_unique<policy::v1::CheckRequest>();
    request->set_checker(rule.checker());
    request->set_rule(rule.name());
    request->set_action(about == About::kPublish
                            ? policy::v1::CheckRequest::ACTION_PUBLISH
                            : policy::v1::CheckRequest::ACTION_SUBSCRIBE);
    request->set_topic(std::string(topic));
    FillConnectionInfo(request->mutable_connection());
    request->set_subject(grant_->subject());
    request->set_issuer(grant_->issuer());
    request->set_token_id(grant_->token_id());
    request->set_key_id(grant_->key_id());
    const uint64_t id = ++last_request_id_;
    checks_.Ask(id, {rule.name(), about, std::string(topic), rule.shadow()});
    effects_->Check(id, std::move(request));
  }
}

void Session::NoteShadowChecks(About about, absl::string_view topic,
                               const RuleSet::Places& places) {
  for (const uint16_t place : places) {
    const Rule& rule = grant_->rules().at(place);
    if (!rule.shadow() || rule.checker().empty()) continue;
    if (checks_.Find(rule.name(), about, topic, now_) ==
        ExternalChecks::Answer::kDenied) {
      NoteShadow(ActionOf(about), DenialCode(), topic, rule);
      return;
    }
  }
}

bool Session::PassesCheckers(const mqtt::Publish& publish,
                             const TopicAliases::Resolved& resolved,
                             const RuleSet::Places& places) {
  KeptVerdict* const kept = resolved.verdict;
  if (kept != nullptr && now_ < kept->passes_until) return true;
  const absl::string_view topic = resolved.topic;
  const CheckVerdict verdict = JudgeByCheckers(About::kPublish, topic, places);
  if (verdict.kind == CheckVerdict::Kind::kDenied) {
    DenyPublish(publish, DenialCode(), topic, WhyDenied(verdict.rule));
    return false;
  }
  AskCheckers(About::kPublish, topic, places);
  if (verdict.kind == CheckVerdict::Kind::kUnknown) {
    holds_packet_ = true;
    return false;
  }
  NoteShadowChecks(About::kPublish, topic, places);
  if (kept != nullptr) kept->passes_until = verdict.until;
  return true;
}

// The subscription may be one of a session that the broker has resumed, of
// whomever; or be older than the rule.
bool Session::DeliveryPassesCheckers(absl::string_view topic,
                                     const RuleSet::Places& places) {
  RuleSet::Places to_ask;
  for (const uint16_t place : places) {
    const Rule& rule = grant_->rules().at(place);
    if (!rule.checker().empty() && !checked_filters_.Cover(rule, topic)) {
      to_ask.push_back(place);
    }
  }
  if (to_ask.empty()) return true;
  const CheckVerdict verdict = JudgeByCheckers(About::kDeliver, topic, to_ask);
  if (verdict.kind == CheckVerdict::Kind::kDenied) {
    DenyDelivery(topic, WhyDenied(verdict.rule));
    return false;
  }
  if (verdict.kind == CheckVerdict::Kind::kAllowed) return true;
  AskCheckers(About::kDeliver, topic, to_ask);
  holds_packet_ = true;
  return false;
}

bool Session::CheckersHaveSaid(const mqtt::Subscribe& subscribe) {
  bool all = true;
  size_t asked = 0;
  for (const mqtt::SubscribeEntry& entry : subscribe.entries) {
    const authz::TopicVerdict subscription =
        grant_->JudgeSubscription(entry.filter);
    if (!subscription.allowed) continue;
    const absl::string_view filter = mqtt::WithoutShare(entry.filter);
    const RuleSet::Places& places = subscription.rules;
    const size_t questions = CountCheckers(places);
    if (questions == 0) continue;
    // What is beyond this stays unknown, and is denied.
    if (asked >= kMaxQuestions) break;
    asked += questions;
    const CheckVerdict verdict =
        JudgeByCheckers(About::kSubscribe, filter, places);
    if (verdict.kind == CheckVerdict::Kind::kDenied) continue;
    AskCheckers(About::kSubscribe, filter, places);
    if (verdict.kind == CheckVerdict::Kind::kUnknown) all = false;
  }
  return all;
}

size_t Session::CountCheckers(const RuleSet::Places& places) const {
  return static_cast<size_t>(
      std::count_if(places.begin(), places.end(), [this](uint16_t place) {
        return !grant_->rules().at(place).checker().empty();
      }));
}

void Session::OnCheckAnswer(
    uint64_t request_id,
    const absl::StatusOr<policy::v1::CheckResponse>& answer, absl::Time now,
    Effects* effects) {
  Begin(now, effects);
  if (is_closed()) return;
  const absl::optional<CheckQuestion> question = checks_.Take(request_id);
  if (!question.has_value()) return;
  const bool allowed = answer.ok() && answer->allowed();
  checks_.Remember(*question, allowed,
                   now_ + (answer.ok() ? TtlOf(*answer) : kFailureTtl));
  // An alias of that topic may have been let pass until later.
  if (!allowed && question->about == About::kPublish) published_.Clear();
  if (state_ == State::kAwaitGrant &&
      !checks_.IsHolding(ExternalChecks::Side::kClient)) {
    // The Will was held.
    Admit();
    // Held again for more answers, it still needs those that it has.
    if (state_ != State::kAwaitGrant) {
      checks_.EndPacket(ExternalChecks::Side::kClient, now_);
    }
  }
}

}  // namespace sluice::session
