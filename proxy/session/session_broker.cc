// Packets of the broker to a connected client.
#include <string>
#include <utility>

#include "proxy/mqtt/disconnect.h"
#include "proxy/mqtt/suback.h"
#include "proxy/mqtt/writer.h"
#include "proxy/session/reasons.h"
#include "proxy/session/session.h"

namespace sluice::session {

using authz::TopicVerdict;
using mqtt::PacketType;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

void Session::ForwardToClient(const mqtt::Frame& frame) {
  effects_->Forward(Effect::Kind::kSendToClient, frame.whole);
  to_client_.Pass(frame.missing);
}

void Session::OnBrokerPacket(const mqtt::Frame& frame) {
  switch (frame.type) {
    case PacketType::kPublish:
      OnBrokerPublish(frame);
      return;
    case PacketType::kSuback:
      OnBrokerSuback(frame);
      return;
    case PacketType::kUnsuback:
      OnBrokerUnsuback(frame);
      return;
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp:
      ForwardToClient(frame);
      return;
    case PacketType::kPingresp:
      if (broker_keep_alive_.TakePingresp()) ForwardToClient(frame);
      return;
    case PacketType::kDisconnect:
      if (version_ == ProtocolVersion::kV5) {
        const auto parsed = mqtt::ParseDisconnect(frame, version_);
        ForwardToClient(frame);
        CountEnd(SessionEnd::kBroker);
        Report(Event::Kind::kClosed, Action::kConnect,
               parsed.ok() ? static_cast<ReasonCode>(parsed->code)
                           : ReasonCode::kUnspecifiedError,
               "", "the broker disconnected the client");
        Close();
        return;
      }
      break;
    case PacketType::kConnect:
    case PacketType::kConnack:
    case PacketType::kSubscribe:
    case PacketType::kUnsubscribe:
    case PacketType::kPingreq:
    case PacketType::kAuth:  // it was offered no method
      break;
  }
  Fail(ReasonCode::kProtocolError, "unexpected packet from the broker");
}

// ACE-OUT-1
void Session::OnBrokerPublish(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Publish> parsed =
      mqtt::ParsePublish(frame, version_, mqtt::Sender::kServer);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  TopicAliases::Resolved resolved;
  resolved.topic = parsed->topic;
  if (parsed->topic_alias != 0) {
    const auto alias = broker_aliases_.Resolve(*parsed);
    if (!alias.ok()) {
      Fail(alias.status());
      return;
    }
    broker_aliases_.MarkKnown(parsed->topic_alias);
    resolved = *alias;
  }
  const absl::string_view topic = resolved.topic;
  if (grant_->IsExpired(now_)) {
    DenyDelivery(topic, kExpired);
    return;
  }
  const TopicVerdict& verdict = JudgeDelivery(resolved);
  if (!verdict.allowed) {
    DenyDelivery(topic, WhyDenied(verdict.denial));
    return;
  }
  if (!verdict.rules.empty()) {
    if (grant_->rules().has_checkers() &&
        !DeliveryPassesCheckers(topic, verdict.rules)) {
      return;
    }
    NoteDeliveryRules(topic, verdict.rules);
  }
  AllowMessage(Action::kDeliver, topic);
  ForwardToClient(frame);
  if (frame.missing > 0) NoteStream(&to_client_, topic, *parsed);
}

void Session::DenyDelivery(absl::string_view topic, absl::string_view why) {
  const ReasonCode code = ReasonCode::kNotAuthorized;
  const DecisionId id =
      Decide(Action::kDeliver, Verdict::kDenied, code, topic, why);
  Report(Event::Kind::kDenied, Action::kDeliver, code, topic, why);
  Disconnect(SessionEnd::kDenied, code, "a message was not deliverable", id);
}

const TopicVerdict& Session::JudgeDelivery(
    const TopicAliases::Resolved& resolved) {
  return delivered_.Get(resolved.topic, resolved.verdict, [this, &resolved] {
    return grant_->JudgeDelivery(resolved.topic);
  });
}

void Session::OnBrokerSuback(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Suback> parsed =
      mqtt::ParseSuback(frame, version_);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  if (!pending_subscribes_.Contains(parsed->packet_id)) {
    ForwardToClient(frame);
    return;
  }
  const absl::optional<PendingSubscribes::Answer> answer =
      pending_subscribes_.Merge(parsed->packet_id, parsed->codes);
  if (!answer.has_value()) {
    Fail(ReasonCode::kProtocolError,
         "the broker's SUBACK does not fit the SUBSCRIBE");
    return;
  }
  std::string packet = ReplaceCodes(*parsed, version_, answer->codes);
  if (!FitsClient(packet.size())) {
    // The broker's Reason String and User Properties made it fit, or not (MQTT
    // 5.0 section 3.9.2.1.2).
    AnswerSubscribe(parsed->packet_id, answer->codes, answer->reason);
    return;
  }
  mqtt::Property brokers;
  if (!answer->reason.empty() &&
      !parsed->properties.Find(mqtt::PropertyId::kReasonString, &brokers)) {
    std::string with_reason =
        ReplaceCodes(*parsed, version_, answer->codes, answer->reason);
    if (FitsClient(with_reason.size())) packet = std::move(with_reason);
  }
  SendSuback(packet);
}

void Session::OnBrokerUnsuback(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Suback> parsed =
      mqtt::ParseSuback(frame, version_);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  if (!subscriptions_.IsOwnUnsuback(parsed->packet_id)) {
    ForwardToClient(frame);
  } else if (awaited_unsuback_.has_value() &&
             parsed->packet_id == awaited_unsuback_->packet_id) {
    awaited_unsuback_.reset();
  }
}

}  // namespace sluice::session
