// A large PUBLISH goes on as it comes, which may take long: what it was judged
// by may change, or end, before its last byte, without which nobody has it.
#include <string>

#include "proxy/session/session.h"

namespace sluice::session {

using authz::Finding;
using authz::TopicVerdict;

void Session::NoteStream(StreamedPublish* stream, absl::string_view topic,
                         const mqtt::Publish& publish) {
  stream->Remember({std::string(topic),
                    {publish.qos, publish.retain, publish.payload_size}});
  // There is none for it (ACE-EXP-2).
  if (context_.settings->reauthentication_grace > absl::ZeroDuration()) {
    ArmOpenTimer();
  }
}

// ACE-EXP-1, ACE-OUT-1
void Session::JudgeStreamsAnew() {
  if (const auto* message = to_broker_.passing(); message != nullptr) {
    const absl::string_view topic = message->topic;
    const TopicVerdict verdict = grant_->JudgePublish(topic);
    if (!verdict.allowed) {
      EndStream(DenialCode(), topic, WhyDenied(verdict.denial));
      return;
    }
    const Finding finding =
        grant_->rules().JudgePublish(verdict.rules, message->facts);
    if (finding.IsEnforced()) {
      EndStream(CodeOf(finding.objection), topic, WhyDenied(finding.rule));
      return;
    }
  }
  if (const auto* message = to_client_.passing(); message != nullptr) {
    const TopicVerdict verdict = grant_->JudgeDelivery(message->topic);
    if (!verdict.allowed) {
      EndStream(mqtt::ReasonCode::kNotAuthorized, message->topic,
                WhyDenied(verdict.denial));
    }
  }
}

// As a decision it is one about the grant: the message has had its own.
void Session::EndStream(mqtt::ReasonCode code, absl::string_view topic,
                        absl::string_view why) {
  const DecisionId id =
      Decide(Action::kRecheck, Verdict::kDenied, code, topic, why);
  Report(Event::Kind::kDenied, Action::kRecheck, code, topic, why);
  Disconnect(SessionEnd::kDenied, code, "a message may not pass any more",
             context_.settings->hide_topics ? DecisionId() : id);
}

}  // namespace sluice::session
