// Packets of a connected client.
#include <algorithm>
#include <limits>
#include <utility>

#include "proxy/mqtt/disconnect.h"
#include "proxy/mqtt/empty_packet.h"
#include "proxy/mqtt/puback.h"
#include "proxy/mqtt/subscribe.h"
#include "proxy/mqtt/topic.h"
#include "proxy/mqtt/unsubscribe.h"
#include "proxy/mqtt/writer.h"
#include "proxy/session/session.h"

namespace sluice::session {

using mqtt::PacketType;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

namespace {

// Denials of one SUBSCRIBE that its SUBACK names.
constexpr size_t kMaxToldDenials = 8;

// With a reason code and an empty list of properties.
constexpr size_t kPubackSize = 6;

constexpr char kExpired[] = "the token has expired";
constexpr char kOutsideScope[] = "outside the scope";

// Seconds until `end` as a Message Expiry Interval; never 0, which would be
// "now", and nothing for a grant without an end.
absl::optional<uint32_t> RemainingSeconds(absl::Time now, absl::Time end) {
  if (end == absl::InfiniteFuture()) return absl::nullopt;
  const int64_t seconds = absl::ToInt64Seconds(end - now);
  return static_cast<uint32_t>(std::min<int64_t>(
      std::max<int64_t>(seconds, 1), std::numeric_limits<uint32_t>::max()));
}

}  // namespace

void Session::OnClientPacket(const mqtt::Frame& frame) {
  absl::Status status;
  switch (frame.type) {
    case PacketType::kPublish:
      OnClientPublish(frame);
      return;
    case PacketType::kSubscribe:
      OnSubscribe(frame);
      return;
    case PacketType::kPubrel:
      OnPubrel(frame);
      return;
    case PacketType::kAuth:
      if (version_ == ProtocolVersion::kV5) {
        OnAuth(frame);
        return;
      }
      status = mqtt::MqttError(ReasonCode::kMalformedPacket, "AUTH in v3");
      break;
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubcomp:
      status = mqtt::ParsePuback(frame, version_).status();
      break;
    case PacketType::kUnsubscribe:
      OnUnsubscribe(frame);
      return;
    case PacketType::kPingreq:
      status = mqtt::CheckEmptyPacket(frame);
      if (status.ok() && grant_->IsExpired(now_)) {
        // ACE-EXP-2
        Disconnect(ReasonCode::kNotAuthorized, kExpired);
        return;
      }
      break;
    case PacketType::kDisconnect:
      status = mqtt::ParseDisconnect(frame, version_).status();
      if (status.ok()) {
        ForwardToBroker(frame);
        Report(Event::Kind::kClosed, Action::kConnect, ReasonCode::kSuccess, "",
               "the client disconnected");
        Close();
        return;
      }
      break;
    case PacketType::kConnect:
      status = mqtt::MqttError(ReasonCode::kProtocolError, "second CONNECT");
      break;
    case PacketType::kConnack:
    case PacketType::kSuback:
    case PacketType::kUnsuback:
    case PacketType::kPingresp:
      status = mqtt::MqttError(ReasonCode::kProtocolError,
                               "a server's packet from a client");
      break;
  }
  if (!status.ok()) {
    Fail(status);
    return;
  }
  ForwardToBroker(frame);
}

void Session::ForwardToBroker(const mqtt::Frame& frame) {
  effects_->Forward(Effect::Kind::kSendToBroker, frame.whole);
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
  if (!MayPublish(resolved.topic)) {
    DenyPublish(publish, DenialCode(), resolved.topic, kOutsideScope);
    return;
  }
  AllowMessage(Action::kPublish, resolved.topic);
  ForwardPublish(frame, publish, resolved);
}

void Session::ForwardPublish(const mqtt::Frame& frame,
                             const mqtt::Publish& publish,
                             const TopicAliases::Resolved& resolved) {
  PublishChanges changes;
  if (!resolved.receiver_knows) changes.topic = resolved.topic;
  if (publish.retain && version_ == ProtocolVersion::kV5) {
    // ACE-PUB-4
    changes.max_expiry = RemainingSeconds(now_, grant_->expires_at());
  }
  if (publish.topic_alias != 0) client_aliases_.MarkKnown(publish.topic_alias);
  if (publish.qos == 2 && !local_qos2_.empty()) {
    local_qos2_.erase(publish.packet_id);
  }
  if (!changes.topic.has_value() && !changes.max_expiry.has_value()) {
    ForwardToBroker(frame);
    return;
  }
  const std::string packet = RewritePublish(publish, frame.flags, changes);
  if (broker_max_packet_size_ != 0 && packet.size() > broker_max_packet_size_) {
    Disconnect(ReasonCode::kPacketTooLarge,
               "PUBLISH is larger than the broker's Maximum Packet Size");
    return;
  }
  effects_->Send(Effect::Kind::kSendToBroker, packet);
}

bool Session::MayPublish(absl::string_view topic) {
  const absl::optional<bool> known = published_.Find(topic);
  if (known.has_value()) return *known;
  const bool allowed = grant_->MayPublish(topic);
  published_.Remember(topic, allowed);
  return allowed;
}

ReasonCode Session::DenialCode() const {
  return context_.settings->hide_topics ? ReasonCode::kUnspecifiedError
                                        : ReasonCode::kNotAuthorized;
}

// ACE-PUB-1, ACE-PUB-2, ACE-EXP-2
void Session::DenyPublish(const mqtt::Publish& publish, ReasonCode code,
                          absl::string_view topic, absl::string_view detail) {
  const DecisionId id =
      Decide(Action::kPublish, Verdict::kDenied, code, topic, detail);
  Report(Event::Kind::kDenied, Action::kPublish, code, topic, detail);
  if (!publish.topic.empty()) client_aliases_.MarkUnknown(publish.topic_alias);
  // An id would tell a denied topic from another failure.
  AnswerPublish(publish.qos, publish.packet_id, code,
                context_.settings->hide_topics ? DecisionId() : id);
}

void Session::AnswerPublish(uint8_t qos, uint16_t packet_id, ReasonCode code,
                            const DecisionId& id) {
  const bool failed = code >= ReasonCode::kUnspecifiedError;
  if (failed && (qos == 0 || version_ == ProtocolVersion::kV311)) {
    Disconnect(code, "PUBLISH was refused", id);
    return;
  }
  if (qos == 0) return;
  std::string packet;
  mqtt::AppendPuback(qos == 1 ? PacketType::kPuback : PacketType::kPubrec,
                     version_, packet_id, code,
                     failed ? ReasonString(id, kPubackSize) : "", &packet);
  SendToClient(packet);
  if (qos == 2) {
    // A PUBREL for a message that is over names an unknown packet.
    local_qos2_[packet_id] =
        failed ? ReasonCode::kPacketIdentifierNotFound : ReasonCode::kSuccess;
  }
}

void Session::OnPubrel(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Puback> parsed =
      mqtt::ParsePuback(frame, version_);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  const auto local = local_qos2_.find(parsed->packet_id);
  if (local == local_qos2_.end()) {
    ForwardToBroker(frame);
    return;
  }
  std::string packet;
  mqtt::AppendPuback(PacketType::kPubcomp, version_, parsed->packet_id,
                     local->second, "", &packet);
  local_qos2_.erase(local);
  SendToClient(packet);
}

// ACE-SUB-1
void Session::OnSubscribe(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Subscribe> parsed =
      mqtt::ParseSubscribe(frame, version_);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  const mqtt::Subscribe& subscribe = *parsed;
  if (pending_subscribes_.Contains(subscribe.packet_id)) {
    Fail(ReasonCode::kProtocolError, "packet identifier of SUBSCRIBE in use");
    return;
  }
  std::string codes;
  size_t denied = 0;
  std::vector<DecisionId> denials;
  for (const mqtt::SubscribeEntry& entry : subscribe.entries) {
    const ReasonCode code = JudgeFilter(entry.filter);
    if (code == ReasonCode::kSuccess) {
      Count(Action::kSubscribe, Verdict::kAllowed);
      if (context_.recorder != nullptr) {
        Record(Action::kSubscribe, Verdict::kAllowed, code, entry.filter,
               grant_->SubscribeRule(entry.filter));
      }
      codes += static_cast<char>(PendingSubscribes::kForwarded);
      if (uses_method_ || recheck_ != nullptr) {
        subscriptions_.Add(entry.filter);
      }
      continue;
    }
    ++denied;
    const char* why = grant_->IsExpired(now_) ? kExpired : kOutsideScope;
    const DecisionId id =
        Decide(Action::kSubscribe, Verdict::kDenied, code, entry.filter, why);
    Report(Event::Kind::kDenied, Action::kSubscribe, code, entry.filter, why);
    if (!id.empty() && denials.size() < kMaxToldDenials &&
        !context_.settings->hide_topics) {
      denials.push_back(id);
    }
    // 3.1.1 has one code for failure, and it is 0x80.
    codes += static_cast<char>(version_ == ProtocolVersion::kV5
                                   ? code
                                   : ReasonCode::kUnspecifiedError);
  }
  if (denied == 0) {
    ForwardToBroker(frame);
    return;
  }
  if (denied == subscribe.entries.size()) {
    SendSuback(subscribe.packet_id, codes, ReasonString(denials));
    return;
  }
  effects_->Send(Effect::Kind::kSendToBroker,
                 KeepForwarded(subscribe, version_, codes));
  if (!pending_subscribes_.Add(subscribe.packet_id,
                               {std::move(codes), ReasonString(denials)})) {
    Disconnect(ReasonCode::kQuotaExceeded, "too many SUBSCRIBEs in flight");
  }
}

void Session::SendSuback(uint16_t packet_id, absl::string_view codes,
                         absl::string_view reason) {
  std::string packet;
  mqtt::AppendSuback(version_, packet_id, reason, AsBytes(codes), &packet);
  if (!reason.empty() && !FitsClient(packet.size())) {
    packet.clear();
    mqtt::AppendSuback(version_, packet_id, "", AsBytes(codes), &packet);
  }
  SendToClient(packet);
}

void Session::OnUnsubscribe(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Unsubscribe> parsed =
      mqtt::ParseUnsubscribe(frame, version_);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  if (uses_method_) {
    for (absl::string_view filter : parsed->filters) {
      subscriptions_.Remove(filter);
    }
    subscriptions_.MarkClientUnsubscribe(parsed->packet_id);
  }
  ForwardToBroker(frame);
}

void Session::DropUncoveredSubscriptions() {
  const std::vector<std::string> uncovered =
      subscriptions_.TakeUncovered(*grant_);
  if (uncovered.empty()) return;
  const absl::optional<uint16_t> packet_id = subscriptions_.TakePacketId();
  if (!packet_id.has_value()) return;
  mqtt::Unsubscribe unsubscribe;
  unsubscribe.packet_id = *packet_id;
  unsubscribe.filters.assign(uncovered.begin(), uncovered.end());
  std::string packet;
  mqtt::AppendUnsubscribe(version_, unsubscribe, &packet);
  // What does not fit stays, and its messages end the connection (ACE-OUT-1).
  if (broker_max_packet_size_ == 0 ||
      packet.size() <= broker_max_packet_size_) {
    effects_->Send(Effect::Kind::kSendToBroker, packet);
  }
}

ReasonCode Session::JudgeFilter(absl::string_view filter) const {
  if (grant_->IsExpired(now_)) return ReasonCode::kNotAuthorized;
  const std::string& authz_info = context_.settings->authz_info_topic;
  // ACE-SUB-2
  const bool is_authz_info =
      !authz_info.empty() && mqtt::WithoutShare(filter) == authz_info;
  if (!is_authz_info && grant_->MaySubscribe(filter)) {
    return ReasonCode::kSuccess;
  }
  return DenialCode();
}

}  // namespace sluice::session
