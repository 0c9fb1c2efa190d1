// Decisions: counted, recorded for those who audit, and named to the client.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "proxy/mqtt/writer.h"
#include "proxy/session/session.h"

namespace sluice::session {

using mqtt::PropertyId;
using mqtt::ReasonCode;

namespace {

// Whether a client can have one such denial after the other on a connection.
bool MayGoOn(Action action) {
  return action == Action::kPublish || action == Action::kSubscribe ||
         action == Action::kStoreToken;
}

// Of the subscriptions that one connection may make so many are recorded at
// once, and then one an interval: more than clients make that do not flood.
// With a token it is known whose they are.
constexpr int64_t kRecordedSubscriptions = 4096;
constexpr int64_t kRecordedSubscriptionsWithoutToken = 1000;
constexpr absl::Duration kRecordedSubscriptionInterval = absl::Milliseconds(10);

}  // namespace

void Session::Count(Action action, Verdict verdict) {
  context_.counters->decisions[action][verdict].Increment();
}

DecisionId Session::Decide(Action action, Verdict verdict, ReasonCode code,
                           absl::string_view topic, absl::string_view rule) {
  Count(action, verdict);
  return Record(action, verdict, code, topic, rule);
}

DecisionId Session::Record(Action action, Verdict verdict, ReasonCode code,
                           absl::string_view topic, absl::string_view rule,
                           bool shadow) {
  if (context_.recorder == nullptr) return DecisionId();
  if (verdict == Verdict::kDenied && (shadow || MayGoOn(action)) &&
      !recorded_denials_.Take(now_)) {
    context_.counters->denials_unrecorded.Increment();
    return DecisionId();
  }
  Decision decision;
  decision.action = action;
  decision.verdict = verdict;
  decision.reason_code = static_cast<uint8_t>(code);
  decision.session_id = context_.session_id;
  decision.client = Identity();
  decision.version = version_;
  decision.topic = topic;
  decision.rule = rule;
  decision.shadow = shadow;
  decision.latency = latency_;
  if (action == Action::kConnect && pending_ != nullptr &&
      !latency_.has_value()) {
    decision.latency = pending_->latency;
  }
  return context_.recorder->Record(decision);
}

void Session::RecordMessage(Action action, absl::string_view topic) {
  Record(action, Verdict::kAllowed, ReasonCode::kSuccess, topic,
         action == Action::kPublish ? grant_->PublishRule(topic)
                                    : grant_->ReceiveRule(topic));
}

void Session::RecordSubscription(absl::string_view filter) {
  if (!recorded_subscriptions_.Take(is_anonymous()
                                        ? kRecordedSubscriptionsWithoutToken
                                        : kRecordedSubscriptions,
                                    kRecordedSubscriptionInterval, now_)) {
    context_.counters->subscriptions_unrecorded.Increment();
    return;
  }
  Record(Action::kSubscribe, Verdict::kAllowed, ReasonCode::kSuccess, filter,
         grant_->SubscribeRule(filter));
}

void Session::NoteQuestion(uint64_t request_id) {
  if (context_.recorder == nullptr) return;
  questions_.push_back({request_id, context_.recorder->Now()});
}

void Session::NoteAnswer(uint64_t request_id) {
  const auto question = std::find_if(questions_.begin(), questions_.end(),
                                     [request_id](const Question& question) {
                                       return question.request_id == request_id;
                                     });
  if (question == questions_.end()) return;
  latency_ = context_.recorder->Now() - question->asked_at;
  questions_.erase(question);
}

std::string Session::ReasonString(absl::Span<const DecisionId> ids) const {
  if (!wants_reasons_ || ids.empty()) return "";
  std::string text = ids.size() == 1 ? "Sluice decision " : "Sluice decisions ";
  for (size_t i = 0; i < ids.size(); ++i) {
    absl::StrAppend(&text, i == 0 ? "" : ", ", ids[i].ToString());
  }
  std::string property;
  mqtt::AppendBinaryProperty(PropertyId::kReasonString, AsBytes(text),
                             &property);
  return property;
}

std::string Session::ReasonString(const DecisionId& id, size_t size) const {
  if (id.empty()) return "";
  std::string property = ReasonString(absl::MakeConstSpan(&id, 1));
  // MQTT 5.0 sections 3.2.2.3.9, 3.4.2.2.2, 3.14.2.2.3.
  if (!FitsClient(size + property.size())) property.clear();
  return property;
}

}  // namespace sluice::session
