// What the operators' rules take away.
#include <utility>

#include "proxy/mqtt/topic.h"
#include "proxy/session/reasons.h"
#include "proxy/session/session.h"

namespace sluice::session {

using authz::Finding;
using authz::Objection;
using authz::Rule;
using authz::RuleSet;
using authz::TopicVerdict;
using mqtt::ReasonCode;

namespace {

// MQTT 5.0 section 3.2.2.2; a client of 3.1.1 is told that it is not
// authorized, whatever the code.
ReasonCode WillCodeOf(Objection objection) {
  switch (objection) {
    case Objection::kQos:
      return ReasonCode::kQosNotSupported;
    case Objection::kRetain:
      return ReasonCode::kRetainNotSupported;
    case Objection::kPayloadSize:
      return ReasonCode::kPacketTooLarge;
    case Objection::kNone:
    case Objection::kDeny:
    case Objection::kWill:
    case Objection::kRate:
    case Objection::kSubscriptions:
      break;
  }
  return ReasonCode::kNotAuthorized;
}

}  // namespace

absl::string_view Session::WhyDenied(const Rule* rule) {
  if (rule == nullptr) return kOutsideScope;
  context_.counters->rule_denials[RuleMode::kEnforce].Increment();
  return rule->name();
}

void Session::NoteShadow(Action action, ReasonCode code,
                         absl::string_view topic, const Rule& rule) {
  context_.counters->rule_denials[RuleMode::kShadow].Increment();
  Record(action, Verdict::kDenied, code, topic, rule.name(), /*shadow=*/true);
}

// PUBACK and PUBREC have neither 0x9A nor 0x9B, nor a code of their own for
// size or rate (MQTT 5.0 sections 3.4.2.1, 3.5.2.1).
ReasonCode Session::CodeOf(Objection objection) const {
  switch (objection) {
    case Objection::kPayloadSize:
    case Objection::kRate:
    case Objection::kSubscriptions:
      return ReasonCode::kQuotaExceeded;
    case Objection::kNone:
    case Objection::kDeny:
    case Objection::kQos:
    case Objection::kRetain:
    case Objection::kWill:
      break;
  }
  return DenialCode();
}

bool Session::PassesRules(const mqtt::Publish& publish, absl::string_view topic,
                          const RuleSet::Places& places) {
  const Finding finding = rule_usage_.JudgePublish(
      grant_->rules(), places,
      {publish.qos, publish.retain, publish.payload_size}, now_);
  if (finding.rule == nullptr) return true;
  const ReasonCode code = CodeOf(finding.objection);
  if (!finding.IsEnforced()) {
    NoteShadow(Action::kPublish, code, topic, *finding.rule);
    return true;
  }
  if (finding.objection == Objection::kRate && publish.qos > 0 &&
      (version_ == mqtt::ProtocolVersion::kV311 || publish.dup)) {
    // In 3.1.1 there is no answer but the end of the connection, after which
    // the client would send all again that was under way, and come no further.
    // What it sends again the broker may have, whatever is answered here.
    HoldForRate(places);
    return false;
  }
  const absl::string_view why = WhyDenied(finding.rule);
  if (finding.objection == Objection::kRate && publish.qos == 0) {
    // QoS 0 promises nothing, and to end the connection for a burst would
    // cost the client more than the message.
    NoteDeniedPublish(publish, code, topic, why);
    return false;
  }
  DenyPublish(publish, code, topic, why);
  return false;
}

void Session::HoldForRate(const RuleSet::Places& places) {
  holds_packet_ = true;
  rate_holds_until_ =
      now_ + rule_usage_.WaitForRate(grant_->rules(), places, now_);
  ArmOpenTimer();
}

// All that is left of rules where a message may be delivered: shadow denials.
void Session::NoteDeliveryRules(absl::string_view topic,
                                const RuleSet::Places& places) {
  for (const uint16_t place : places) {
    const Rule& rule = grant_->rules().at(place);
    if (!rule.denies()) continue;
    NoteShadow(Action::kDeliver, ReasonCode::kNotAuthorized, topic, rule);
    return;
  }
}

FilterVerdict Session::JudgeFilterByRules(absl::string_view filter,
                                          RuleSet::Places places) {
  using Subscription = RuleUsage::Subscription;
  const RuleSet& rules = grant_->rules();
  if (rules.has_checkers()) {
    const absl::string_view topic = mqtt::WithoutShare(filter);
    const CheckVerdict verdict =
        JudgeByCheckers(CheckQuestion::About::kSubscribe, topic, places);
    if (verdict.kind == CheckVerdict::Kind::kDenied) {
      return {DenialCode(), WhyDenied(verdict.rule)};
    }
    if (verdict.kind == CheckVerdict::Kind::kUnknown) {
      return {ReasonCode::kQuotaExceeded, kTooManyToCheck};
    }
    NoteShadowChecks(CheckQuestion::About::kSubscribe, topic, places);
  }
  const Subscription subscription =
      subscriptions_.Contains(filter)     ? Subscription::kHeld
      : subscriptions_.HasRoomFor(filter) ? Subscription::kNew
                                          : Subscription::kNoRecord;
  const Finding finding =
      rule_usage_.JudgeSubscription(rules, places, subscription);
  if (finding.IsEnforced()) {
    return {CodeOf(finding.objection), WhyDenied(finding.rule)};
  }
  if (finding.rule != nullptr) {
    NoteShadow(Action::kSubscribe, CodeOf(finding.objection), filter,
               *finding.rule);
  }
  FilterVerdict verdict;
  verdict.max_qos = rules.MaxQos(places);
  verdict.rules = std::move(places);
  return verdict;
}

WillVerdict Session::JudgeWill() {
  if (!pending_->will.has_value()) return WillVerdict::kPasses;
  const PendingWill& will = *pending_->will;
  // The broker would publish a token's Will where nobody takes it.
  if (will.topic == context_.settings->authz_info_topic ||
      IsRefusedTopic(will.topic)) {
    RefuseWill(ReasonCode::kNotAuthorized, nullptr);
    return WillVerdict::kRefused;
  }
  const TopicVerdict verdict = grant_->JudgePublish(will.topic);
  if (!verdict.allowed) {
    RefuseWill(ReasonCode::kNotAuthorized, verdict.denial);
    return WillVerdict::kRefused;
  }
  const CheckVerdict check = JudgeByCheckers(CheckQuestion::About::kPublish,
                                             will.topic, verdict.rules);
  if (check.kind == CheckVerdict::Kind::kDenied) {
    RefuseWill(ReasonCode::kNotAuthorized, check.rule);
    return WillVerdict::kRefused;
  }
  AskCheckers(CheckQuestion::About::kPublish, will.topic, verdict.rules);
  if (check.kind == CheckVerdict::Kind::kUnknown) return WillVerdict::kUnknown;
  const Finding finding = grant_->rules().JudgeWill(verdict.rules, will.facts);
  if (finding.rule == nullptr) return WillVerdict::kPasses;
  const ReasonCode code = WillCodeOf(finding.objection);
  if (finding.IsEnforced()) {
    RefuseWill(code, finding.rule);
    return WillVerdict::kRefused;
  }
  NoteShadow(Action::kConnect, code, will.topic, *finding.rule);
  return WillVerdict::kPasses;
}

void Session::RefuseWill(ReasonCode code, const Rule* rule) {
  Refuse(code, ConnectOutcome::kWillDenied,
         rule == nullptr ? "Will topic outside the scope" : WhyDenied(rule));
}

}  // namespace sluice::session
