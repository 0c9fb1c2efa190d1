// What a connected client subscribes to.
#include <string>
#include <utility>
#include <vector>

#include "proxy/mqtt/subscribe.h"
#include "proxy/mqtt/topic.h"
#include "proxy/mqtt/unsubscribe.h"
#include "proxy/mqtt/writer.h"
#include "proxy/session/reasons.h"
#include "proxy/session/session.h"

namespace sluice::session {

using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

namespace {

// Denials of one SUBSCRIBE that its SUBACK names.
constexpr size_t kMaxToldDenials = 8;

}  // namespace

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
