// What a connected client subscribes to.
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
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

// How long a broker may take for an UNSUBSCRIBE of ours for which a client's
// packet waits: brokers do stop for a while.
constexpr absl::Duration kUnsubackPatience = absl::Seconds(30);

// Denials of one SUBSCRIBE that its SUBACK names.
constexpr size_t kMaxToldDenials = 8;

// False where the subscription asks for no more than `max_qos`.
bool LowerQos(uint8_t max_qos, mqtt::SubscribeEntry* entry) {
  if ((entry->options & mqtt::kSubscribeQosMask) <= max_qos) return false;
  entry->options = static_cast<uint8_t>(
      (entry->options & ~mqtt::kSubscribeQosMask) | max_qos);
  return true;
}

}  // namespace

// ACE-SUB-1
void Session::OnSubscribe(const mqtt::Frame& frame) {
  absl::StatusOr<mqtt::Subscribe> parsed =
      mqtt::ParseSubscribe(frame, version_);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  mqtt::Subscribe subscribe = *std::move(parsed);
  if (WaitsForOwnUnsuback(subscribe.packet_id)) return;
  last_packet_id_ = subscribe.packet_id;
  if (pending_subscribes_.Contains(subscribe.packet_id)) {
    Fail(ReasonCode::kProtocolError, "packet identifier of SUBSCRIBE in use");
    return;
  }
  if (grant_->rules().has_checkers() && !grant_->IsExpired(now_) &&
      !CheckersHaveSaid(subscribe)) {
    holds_packet_ = true;
    return;
  }
  std::string codes;
  size_t denied = 0;
  bool lowered = false;
  std::vector<DecisionId> denials;
  for (mqtt::SubscribeEntry& entry : subscribe.entries) {
    const FilterVerdict verdict = JudgeFilter(entry.filter);
    if (verdict.code == ReasonCode::kSuccess) {
      AllowSubscription(entry.filter, verdict);
      lowered = LowerQos(verdict.max_qos, &entry) || lowered;
      codes += static_cast<char>(PendingSubscribes::kForwarded);
      continue;
    }
    ++denied;
    const DecisionId id = DenySubscription(entry.filter, verdict);
    if (!id.empty() && denials.size() < kMaxToldDenials &&
        !context_.settings->hide_topics) {
      denials.push_back(id);
    }
    // 3.1.1 has one code for failure, and it is 0x80.
    codes += static_cast<char>(version_ == ProtocolVersion::kV5
                                   ? verdict.code
                                   : ReasonCode::kUnspecifiedError);
  }
  if (denied == 0 && !lowered) {
    ForwardToBroker(frame);
    return;
  }
  if (denied == subscribe.entries.size()) {
    AnswerSubscribe(subscribe.packet_id, codes, ReasonString(denials));
    return;
  }
  const std::string packet = KeepForwarded(subscribe, version_, codes);
  if (denied > 0 &&
      !pending_subscribes_.Add(subscribe.packet_id,
                               {std::move(codes), ReasonString(denials)})) {
    Disconnect(SessionEnd::kError, ReasonCode::kQuotaExceeded,
               "too many SUBSCRIBEs in flight");
    return;
  }
  to_broker_.Send(packet, effects_);
}

void Session::AllowSubscription(absl::string_view filter,
                                const FilterVerdict& verdict) {
  Count(Action::kSubscribe, Verdict::kAllowed);
  if (context_.recorder != nullptr) RecordSubscription(filter);
  for (const uint16_t place : verdict.rules) {
    const authz::Rule& rule = grant_->rules().at(place);
    if (rule.checker().empty() || rule.shadow()) continue;
    checked_filters_.Add(rule, mqtt::WithoutShare(filter));
  }
  if (subscriptions_.Add(filter)) {
    rule_usage_.CountSubscription(grant_->rules(), verdict.rules);
  }
}

DecisionId Session::DenySubscription(absl::string_view filter,
                                     const FilterVerdict& verdict) {
  Report(Event::Kind::kDenied, Action::kSubscribe, verdict.code, filter,
         verdict.why);
  return Decide(Action::kSubscribe, Verdict::kDenied, verdict.code, filter,
                verdict.why);
}

void Session::AnswerSubscribe(uint16_t packet_id, absl::string_view codes,
                              absl::string_view reason) {
  std::string packet;
  mqtt::AppendSuback(version_, packet_id, reason, AsBytes(codes), &packet);
  if (!reason.empty() && !FitsClient(packet.size())) {
    packet.clear();
    mqtt::AppendSuback(version_, packet_id, "", AsBytes(codes), &packet);
  }
  SendSuback(packet);
}

// EDGE-14
void Session::SendSuback(absl::string_view packet) {
  if (!FitsClient(packet.size())) {
    Disconnect(SessionEnd::kError, ReasonCode::kPacketTooLarge,
               "SUBACK is larger than the client's Maximum Packet Size");
    return;
  }
  to_client_.Send(packet, effects_);
}

void Session::OnUnsubscribe(const mqtt::Frame& frame) {
  const absl::StatusOr<mqtt::Unsubscribe> parsed =
      mqtt::ParseUnsubscribe(frame, version_);
  if (!parsed.ok()) {
    Fail(parsed.status());
    return;
  }
  if (WaitsForOwnUnsuback(parsed->packet_id)) return;
  last_packet_id_ = parsed->packet_id;
  for (absl::string_view filter : parsed->filters) {
    if (subscriptions_.Remove(filter)) {
      rule_usage_.DiscountSubscription(grant_->rules(), filter);
    }
  }
  subscriptions_.MarkClientUnsubscribe(parsed->packet_id);
  ForwardToBroker(frame);
}

bool Session::WaitsForOwnUnsuback(uint16_t packet_id) {
  if (!subscriptions_.IsOwn(packet_id)) return false;
  awaited_unsuback_ = AwaitedUnsuback{packet_id, now_ + kUnsubackPatience};
  holds_packet_ = true;
  ArmOpenTimer();
  return true;
}

void Session::JudgeSubscriptionsAnew() {
  std::vector<std::string> uncovered;
  for (const std::string& filter : subscriptions_.filters()) {
    const authz::TopicVerdict verdict = grant_->JudgeSubscription(filter);
    if (verdict.allowed) {
      rule_usage_.CountSubscription(grant_->rules(), verdict.rules);
    } else {
      uncovered.push_back(filter);
      DenySubscription(filter,
                       {ReasonCode::kNotAuthorized, WhyDenied(verdict.denial)});
    }
  }
  if (uncovered.empty()) return;
  for (const std::string& filter : uncovered) subscriptions_.Remove(filter);
  Unsubscribe(uncovered);
}

void Session::Unsubscribe(const std::vector<std::string>& filters) {
  const size_t most = broker_max_packet_size_ != 0 ? broker_max_packet_size_
                                                   : mqtt::kMaxPacketSize;
  std::string packet;
  for (size_t next = 0; next < filters.size();) {
    const absl::optional<uint16_t> packet_id =
        subscriptions_.FreePacketId(last_packet_id_);
    if (!packet_id.has_value()) return;
    mqtt::Unsubscribe unsubscribe;
    unsubscribe.packet_id = *packet_id;
    size_t bytes = 0;
    for (; next < filters.size(); ++next) {
      bytes += filters[next].size();
      const size_t count = unsubscribe.filters.size() + 1;
      if (mqtt::UnsubscribeSize(version_, count, bytes) > most) break;
      unsubscribe.filters.push_back(filters[next]);
    }
    if (unsubscribe.filters.empty()) {
      ++next;  // does not fit by itself
      continue;
    }
    packet.clear();
    mqtt::AppendUnsubscribe(version_, unsubscribe, &packet);
    subscriptions_.MarkOwnUnsubscribe(*packet_id);
    to_broker_.Send(packet, effects_);
  }
}

FilterVerdict Session::JudgeFilter(absl::string_view filter) {
  if (grant_->IsExpired(now_)) return {ReasonCode::kNotAuthorized, kExpired};
  const std::string& authz_info = context_.settings->authz_info_topic;
  if (!authz_info.empty() && mqtt::WithoutShare(filter) == authz_info) {
    return {DenialCode(), kOutsideScope};  // ACE-SUB-2
  }
  // Of 3.1.1, which has no such thing; brokers share all the same, or do not.
  if (mqtt::IsShared(filter) && !mqtt::IsValidTopicFilter(filter)) {
    return {DenialCode(), kOutsideScope};
  }
  if (IsRefusedTopic(filter)) return {DenialCode(), kOutsideScope};
  authz::TopicVerdict verdict = grant_->JudgeSubscription(filter);
  if (!verdict.allowed) return {DenialCode(), WhyDenied(verdict.denial)};
  return grant_->rules().empty()
             ? FilterVerdict()
             : JudgeFilterByRules(filter, std::move(verdict.rules));
}

}  // namespace sluice::session
