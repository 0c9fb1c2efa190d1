// What a connected client publishes.
#include <algorithm>
#include <limits>

#include "proxy/mqtt/puback.h"
#include "proxy/mqtt/writer.h"
#include "proxy/session/reasons.h"
#include "proxy/session/session.h"

namespace sluice::session {

using authz::TopicVerdict;
using mqtt::PacketType;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

namespace {

// With a reason code and an empty list of properties.
constexpr size_t kPubackSize = 6;

}  // namespace

absl::optional<uint32_t> Session::MaxMessageExpiry() const {
  const absl::Time end = grant_->token_expires_at();
  if (end == absl::InfiniteFuture()) return absl::nullopt;
  const int64_t seconds = absl::ToInt64Seconds(end - now_);
  return static_cast<uint32_t>(std::min<int64_t>(
      std::max<int64_t>(seconds, 1), std::numeric_limits<uint32_t>::max()));
}

// The hot path.
void Session::OnClientPublish(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Publish> parsed =
      mqtt::ParsePublish(frame, version_, mqtt::Sender::kClient);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  const mqtt::Publish& publish = *parsed;
  if (publish.qos > 0) {
    if (WaitsForOwnUnsuback(publish.packet_id)) return;
    last_packet_id_ = publish.packet_id;
  }
  TopicAliases::Resolved resolved;
  resolved.topic = publish.topic;
  if (publish.topic_alias != 0) {
    const auto alias = client_aliases_.Resolve(publish);
    if (!alias.ok()) {
      Fail(alias.status());
      return;
    }
    resolved = *alias;
  }
  const std::string& authz_info = context_.settings->authz_info_topic;
  if (!authz_info.empty() && resolved.topic == authz_info) {
    client_aliases_.MarkUnknown(publish.topic_alias);
    OnTokenPublish(publish);
    return;
  }
  if (grant_->IsExpired(now_)) {
    DenyPublish(publish, ReasonCode::kNotAuthorized, resolved.topic, kExpired);
    return;
  }
  const TopicVerdict& verdict = JudgePublish(resolved);
  if (!verdict.allowed) {
    DenyPublish(publish, DenialCode(), resolved.topic,
                WhyDenied(verdict.denial));
    return;
  }
  if (!verdict.rules.empty()) {
    // First, so that what is held uses up nothing.
    if (grant_->rules().has_checkers() &&
        !PassesCheckers(publish, resolved, verdict.rules)) {
      return;
    }
    if (!PassesRules(publish, resolved.topic, verdict.rules)) return;
  }
  if (publish.qos == 2 && ended_qos2_.BrokerMayHave(publish.packet_id)) {
    if (!publish.dup) {
      // MQTT 5.0 section 4.3.3: the broker would publish the old one for it.
      DenyPublish(publish, ReasonCode::kPacketIdentifierInUse, resolved.topic,
                  "the broker may have a message of that packet identifier");
      return;
    }
    ended_qos2_.ForgetDeniedResend(publish.packet_id);
  }
  AllowMessage(Action::kPublish, resolved.topic);
  ForwardPublish(frame, publish, resolved);
  if (frame.missing > 0 && !is_closed()) {
    NoteStream(&to_broker_, resolved.topic, publish);
  }
}

void Session::ForwardPublish(const mqtt::Frame& frame,
                             const mqtt::Publish& publish,
                             const TopicAliases::Resolved& resolved) {
  PublishChanges changes;
  if (!resolved.receiver_knows) changes.topic = resolved.topic;
  if (publish.retain && publish.payload_size > 0 &&
      version_ == ProtocolVersion::kV5) {
    // ACE-PUB-4. Without a payload nothing is kept (MQTT 5.0 section 3.3.1.3).
    changes.max_expiry = MaxMessageExpiry();
  }
  if (publish.topic_alias != 0) client_aliases_.MarkKnown(publish.topic_alias);
  if (publish.qos == 2) ended_qos2_.Forward(publish.packet_id);
  if (!changes.topic.has_value() && !changes.max_expiry.has_value()) {
    ForwardToBroker(frame);
    return;
  }
  const std::string packet = RewritePublish(publish, frame.flags, changes);
  const size_t size = packet.size() + frame.missing;
  if (size > mqtt::kMaxPacketSize ||
      (broker_max_packet_size_ != 0 && size > broker_max_packet_size_)) {
    Disconnect(SessionEnd::kError, ReasonCode::kPacketTooLarge,
               "PUBLISH is larger than the broker's Maximum Packet Size");
    return;
  }
  to_broker_.Send(packet, effects_);
  to_broker_.Pass(frame.missing);
}

const TopicVerdict& Session::JudgePublish(
    const TopicAliases::Resolved& resolved) {
  const absl::string_view topic = resolved.topic;
  return published_.Get(topic, resolved.verdict, [this, topic] {
    return IsRefusedTopic(topic) ? TopicVerdict() : grant_->JudgePublish(topic);
  });
}

DecisionId Session::NoteDeniedPublish(const mqtt::Publish& publish,
                                      ReasonCode code, absl::string_view topic,
                                      absl::string_view detail) {
  const DecisionId id =
      Decide(Action::kPublish, Verdict::kDenied, code, topic, detail);
  Report(Event::Kind::kDenied, Action::kPublish, code, topic, detail);
  if (!publish.topic.empty()) client_aliases_.MarkUnknown(publish.topic_alias);
  return id;
}

// ACE-PUB-1, ACE-PUB-2, ACE-EXP-2
void Session::DenyPublish(const mqtt::Publish& publish, ReasonCode code,
                          absl::string_view topic, absl::string_view detail) {
  const DecisionId id = NoteDeniedPublish(publish, code, topic, detail);
  if (publish.qos == 2 && publish.dup) {
    ended_qos2_.NoteDeniedResend(publish.packet_id);
  }
  // An id would tell a denied topic from another failure.
  AnswerPublish(publish.qos, publish.packet_id, code,
                context_.settings->hide_topics ? DecisionId() : id);
}

void Session::AnswerPublish(uint8_t qos, uint16_t packet_id, ReasonCode code,
                            const DecisionId& id) {
  const bool failed = code >= ReasonCode::kUnspecifiedError;
  if (failed && (qos == 0 || version_ == ProtocolVersion::kV311)) {
    Disconnect(SessionEnd::kDenied, code, "PUBLISH was refused", id);
    return;
  }
  if (qos == 0) return;
  std::string packet;
  mqtt::AppendPuback(qos == 1 ? PacketType::kPuback : PacketType::kPubrec,
                     version_, packet_id, code,
                     failed ? ReasonString(id, kPubackSize) : "", &packet);
  SendToClient(packet);
  if (qos != 2) return;
  if (failed) {
    ended_qos2_.Deny(packet_id);
  } else {
    ended_qos2_.Take(packet_id);
  }
}

void Session::OnPubrel(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Puback> parsed =
      mqtt::ParsePuback(frame, version_);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  const EndedQos2::Place place = ended_qos2_.Release(parsed->packet_id);
  if (place == EndedQos2::Place::kBroker) {
    ForwardToBroker(frame);
    return;
  }
  // A PUBREL for a message that is over names an unknown packet.
  std::string packet;
  mqtt::AppendPuback(PacketType::kPubcomp, version_, parsed->packet_id,
                     place == EndedQos2::Place::kDenied
                         ? ReasonCode::kPacketIdentifierNotFound
                         : ReasonCode::kSuccess,
                     "", &packet);
  SendToClient(packet);
}

}  // namespace sluice::session
