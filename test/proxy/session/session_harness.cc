#include "test/proxy/session/session_harness.h"

#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "proxy/mqtt/suback.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/mqtt/writer.h"

namespace sluice::session {
namespace {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ProtocolVersion;

// Where a packet has its reason code; -1: it has none, or left it out.
int CodeOf(const mqtt::Frame& frame) {
  size_t at = 0;
  switch (frame.type) {
    case PacketType::kConnack:
      at = 1;
      break;
    case PacketType::kPuback:
    case PacketType::kPubrec:
    case PacketType::kPubrel:
    case PacketType::kPubcomp:
      at = 2;
      break;
    case PacketType::kDisconnect:
    case PacketType::kAuth:
      at = 0;
      break;
    default:
      return -1;
  }
  return at < frame.body.size() ? frame.body[at] : -1;
}

void DescribePackets(absl::string_view who, ByteView bytes,
                     ProtocolVersion version, PacketStream* stream,
                     SessionHarness::Lines* lines) {
  const auto on_packet = [&](const mqtt::Frame& frame) {
    std::string line = absl::StrCat(who, " ", mqtt::PacketTypeName(frame.type));
    const int code = CodeOf(frame);
    if (code >= 0) absl::StrAppend(&line, absl::StrFormat(" %02x", code));
    if (frame.type == PacketType::kSuback) {
      const auto suback = mqtt::ParseSuback(frame, version);
      if (!suback.ok()) absl::StrAppend(&line, " MALFORMED");
      for (uint8_t c : suback.ok() ? suback->codes : ByteView()) {
        absl::StrAppend(&line, absl::StrFormat(" %02x", c));
      }
    }
    if (frame.missing > 0) absl::StrAppend(&line, " begins");
    lines->push_back(std::move(line));
  };
  const auto on_more = [&](size_t more) {
    lines->push_back(absl::StrCat(who, " ", more, " more bytes"));
  };
  if (!stream->Each(bytes, version, on_packet, on_more)) {
    lines->push_back(absl::StrCat(who, " BROKEN PACKET"));
  }
}

}  // namespace

SessionHarness::SessionHarness() : now_(absl::FromUnixSeconds(1800000000)) {
  live_policy.is_followed = true;
}

std::vector<std::array<uint8_t, 32>>
SessionHarness::FakeTls::ExportKeyingMaterial(absl::string_view label) const {
  std::array<uint8_t, 32> content;
  content.fill(label == kExporterLabel ? 0xE0 : 0x00);
  return {content};
}

void SessionHarness::FakeRandom::Fill(absl::Span<uint8_t> out) {
  for (uint8_t& byte : out) byte = next++;
}

void SessionHarness::RecordingObserver::OnEvent(const Event& event) {
  details.push_back(std::string(event.detail));
  subject = absl::StrCat(event.client.subject, " ", event.client.token_id,
                         event.client.unproven ? " unproven" : "");
}

void SessionHarness::RecordingDecisions::OnDecision(const Decision& decision) {
  lines.push_back(
      absl::StrFormat("%s %s %02x%s%s (%s)%s", ActionName(decision.action),
                      VerdictName(decision.verdict), decision.reason_code,
                      decision.topic.empty() ? "" : " ", decision.topic,
                      decision.rule, decision.shadow ? " in shadow" : ""));
  id = decision.id.ToString();
  subject = absl::StrCat(decision.session_id, " ", decision.client.client_id,
                         " ", decision.client.subject, " ",
                         decision.client.issuer, " ", decision.client.token_id,
                         decision.client.unproven ? " unproven" : "");
  latency = decision.latency;
}

SessionHarness::Lines SessionHarness::Start() {
  stream_to_client_ = PacketStream(settings.max_held_publish);
  stream_to_broker_ = PacketStream(settings.max_held_publish);
  tls_.resumed = tls_resumed;
  tls_.certificate = tls_certificate;
  tls_.psk_key_id = tls_psk_key_id;
  Context context;
  context.settings = &settings;
  context.client_address = "192.0.2.1:4000";
  context.tls = &tls_;
  context.random = &random_;
  context.counters = &counters_;
  context.observer = &observer_;
  context.live_policy = &live_policy;
  context.denials = &denials_;
  context.anonymous = &anonymous_;
  if (gives_nonces) context.client_nonces = &nonces_;
  if (decision_sample.has_value()) {
    // A clock that goes on by a millisecond whenever it is looked at.
    recorder_ = absl::make_unique<DecisionRecorder>(
        &decisions_, &random_, *decision_sample, [] {
          static absl::Time now = absl::FromUnixSeconds(1800000000);
          return now += absl::Milliseconds(1);
        });
    context.recorder = recorder_.get();
    context.session_id = "0000000000000001";
  }
  session_ = absl::make_unique<Session>(std::move(context));
  session_->Start(now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::Client(absl::string_view bytes) {
  client_rest_.append(bytes.data(), bytes.size());
  const size_t used =
      session_->OnClientBytes(AsBytes(client_rest_), now_, &effects_);
  Lines lines = Finish();
  client_rest_.erase(0, used);
  return lines;
}

SessionHarness::Lines SessionHarness::Broker(absl::string_view bytes) {
  broker_rest_.append(bytes.data(), bytes.size());
  const size_t used =
      session_->OnBrokerBytes(AsBytes(broker_rest_), now_, &effects_);
  Lines lines = Finish();
  broker_rest_.erase(0, used);
  return lines;
}

SessionHarness::Lines SessionHarness::Grant(const policy::v1::Grant& grant) {
  policy::v1::AuthenticateResponse response;
  *response.mutable_grant() = grant;
  session_->OnAuthenticateAnswer(request_id_, response, now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::Deny(policy::v1::Denial::Reason reason) {
  policy::v1::AuthenticateResponse response;
  response.mutable_denial()->set_reason(reason);
  return Deny(response.denial());
}

SessionHarness::Lines SessionHarness::Deny(const policy::v1::Denial& denial) {
  policy::v1::AuthenticateResponse response;
  *response.mutable_denial() = denial;
  session_->OnAuthenticateAnswer(request_id_, response, now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::PolicyWants(
    policy::v1::AuthenticateResponse::OutcomeCase outcome) {
  policy::v1::AuthenticateResponse response;
  if (outcome == policy::v1::AuthenticateResponse::kChallengeRequired) {
    response.mutable_challenge_required();
  } else {
    response.mutable_user_name_wanted();
  }
  return PolicyAnswers(response);
}

SessionHarness::Lines SessionHarness::PolicyAnswers(
    const policy::v1::AuthenticateResponse& response) {
  session_->OnAuthenticateAnswer(request_id_, response, now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::PolicyFails() {
  session_->OnAuthenticateAnswer(
      request_id_, absl::UnavailableError("not reachable"), now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::StoreAnswers(
    const policy::v1::StoreTokenResponse& response) {
  session_->OnStoreTokenAnswer(request_id_, response, now_, &effects_);
  return FinishAndPresentRest();
}

SessionHarness::Lines SessionHarness::StoreFails(const absl::Status& status) {
  session_->OnStoreTokenAnswer(request_id_, status, now_, &effects_);
  return FinishAndPresentRest();
}

SessionHarness::Lines SessionHarness::CheckAnswers(bool allowed,
                                                   absl::Duration ttl) {
  policy::v1::CheckResponse response;
  response.set_allowed(allowed);
  response.mutable_ttl()->set_seconds(absl::ToInt64Seconds(ttl));
  return AnswerCheck(response);
}

SessionHarness::Lines SessionHarness::CheckFails() {
  return AnswerCheck(absl::UnavailableError("not reachable"));
}

SessionHarness::Lines SessionHarness::AnswerCheck(
    const absl::StatusOr<policy::v1::CheckResponse>& answer) {
  const uint64_t id = check_ids_.front();
  check_ids_.pop_front();
  session_->OnCheckAnswer(id, answer, now_, &effects_);
  return FinishAndPresentRest();
}

SessionHarness::Lines SessionHarness::FinishAndPresentRest() {
  Lines lines = Finish();
  if (!broker_rest_.empty() && session_->wants_broker_bytes()) {
    for (std::string& line : Broker("")) lines.push_back(std::move(line));
  }
  if (!client_rest_.empty() && session_->wants_client_bytes()) {
    for (std::string& line : Client("")) lines.push_back(std::move(line));
  }
  return lines;
}

SessionHarness::Lines SessionHarness::UpstreamConnected() {
  session_->OnUpstreamConnected(now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::UpstreamClosed() {
  session_->OnUpstreamClosed(now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::ClientClosed() {
  session_->OnClientClosed(now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::Timer() {
  session_->OnTimer(now_, &effects_);
  return FinishAndPresentRest();
}

SessionHarness::Lines SessionHarness::SetClock(absl::Duration by) {
  now_ += by;
  session_->OnClockSet(by, now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::Drain() {
  session_->OnDrain(now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::RevocationsChanged() {
  session_->OnRevocations(now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::PolicyVersionChanged() {
  session_->OnPolicyVersion(now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::DisconnectRequested() {
  session_->OnDisconnectRequest(now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::PolicyOutage() {
  session_->OnPolicyOutage(now_, &effects_);
  return Finish();
}

SessionHarness::Lines SessionHarness::Evicted() {
  session_->OnEvicted(now_, &effects_);
  return Finish();
}

void SessionHarness::Open(ProtocolVersion version,
                          const policy::v1::Grant& grant,
                          absl::string_view connack_properties) {
  version_ = version;
  Start();
  ConnectParts parts;
  parts.version = version;
  parts.keep_alive = keep_alive;
  if (version == ProtocolVersion::kV5) {
    parts.properties = AceProperties(TokenAndProof("TOKEN", "PROOF"));
  } else {
    parts.username = "aceVE9LRU4";
    parts.password = "PROOF";
  }
  Client(ConnectPacket(parts));
  Grant(grant);
  UpstreamConnected();
  Broker(ConnackPacket(version, 0, connack_properties));
}

SessionHarness::Lines SessionHarness::Finish() {
  Lines lines;
  to_client_.clear();
  to_broker_.clear();
  broker_got_a_view_ = true;
  for (const Effect& effect : effects_.list()) {
    switch (effect.kind) {
      case Effect::Kind::kSendToClient:
        DescribePackets("client", effects_.bytes(effect), version_,
                        &stream_to_client_, &lines);
        absl::StrAppend(&to_client_, AsString(effects_.bytes(effect)));
        break;
      case Effect::Kind::kSendToBroker:
        DescribePackets("broker", effects_.bytes(effect), version_,
                        &stream_to_broker_, &lines);
        absl::StrAppend(&to_broker_, AsString(effects_.bytes(effect)));
        broker_got_a_view_ = broker_got_a_view_ && effect.forwarded;
        break;
      case Effect::Kind::kAuthenticate:
        request_id_ = effect.request_id;
        asked_ = effects_.authenticate(effect);
        lines.push_back("authenticate");
        break;
      case Effect::Kind::kStoreToken:
        request_id_ = effect.request_id;
        store_asked_ = effects_.store_token(effect);
        lines.push_back("store");
        break;
      case Effect::Kind::kCheck:
        check_ids_.push_back(effect.request_id);
        check_asked_ = effects_.check(effect);
        lines.push_back(absl::StrCat(
            "check ", check_asked_.rule(), " ",
            check_asked_.action() == policy::v1::CheckRequest::ACTION_PUBLISH
                ? "publish "
                : "subscribe ",
            check_asked_.topic()));
        break;
      case Effect::Kind::kConnectUpstream:
        lines.push_back("connect");
        break;
      case Effect::Kind::kSetTimer:
        lines.push_back(absl::StrCat(
            "timer ", absl::FormatDuration(effect.deadline - now_)));
        break;
      case Effect::Kind::kClearTimer:
        lines.push_back("timer off");
        break;
      case Effect::Kind::kClose:
        lines.push_back("close");
        break;
    }
  }
  effects_.Clear();
  return lines;
}

policy::v1::Grant SessionHarness::AGrant() const {
  return MakeGrant(now() + absl::Hours(1), {"pub a/#", "sub a/#", "sub b"});
}

policy::v1::Grant MakeGrant(
    absl::Time expires_at,
    std::initializer_list<absl::string_view> permissions) {
  policy::v1::Grant grant;
  grant.set_subject("s");
  grant.set_issuer("i");
  grant.set_token_id("t");
  grant.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(expires_at));
  for (absl::string_view text : permissions) {
    const std::pair<absl::string_view, absl::string_view> parts =
        absl::StrSplit(text, absl::MaxSplits(' ', 1));
    policy::v1::Permission* permission = grant.add_permissions();
    permission->set_publish(absl::StrContains(parts.first, "pub"));
    permission->set_subscribe(absl::StrContains(parts.first, "sub"));
    permission->set_topic_filter(std::string(parts.second));
  }
  return grant;
}

std::string ConnectPacket(const ConnectParts& parts) {
  const bool v5 = parts.version == ProtocolVersion::kV5;
  std::string body;
  mqtt::AppendString("MQTT", &body);
  mqtt::AppendByte(static_cast<uint8_t>(parts.version), &body);
  uint8_t flags = 0x02;
  if (parts.will_topic.has_value()) {
    flags |= static_cast<uint8_t>(0x04 | parts.will_qos << 3);
    if (parts.will_retain) flags |= 0x20;
  }
  if (parts.username.has_value()) flags |= 0x80;
  if (parts.password.has_value()) flags |= 0x40;
  mqtt::AppendByte(flags, &body);
  mqtt::AppendU16(parts.keep_alive, &body);
  if (v5) {
    mqtt::AppendVarint(static_cast<uint32_t>(parts.properties.size()), &body);
    body += parts.properties;
  }
  mqtt::AppendString(parts.client_id, &body);
  if (parts.will_topic.has_value()) {
    if (v5) mqtt::AppendVarint(0, &body);
    mqtt::AppendString(*parts.will_topic, &body);
    mqtt::AppendString("gone", &body);
  }
  if (parts.username.has_value()) mqtt::AppendString(*parts.username, &body);
  if (parts.password.has_value()) mqtt::AppendString(*parts.password, &body);
  std::string packet;
  mqtt::AppendPacket(PacketType::kConnect, 0, body, &packet);
  return packet;
}

std::string AceProperties(absl::string_view authentication_data) {
  std::string properties;
  mqtt::AppendBinaryProperty(PropertyId::kAuthenticationMethod, AsBytes("ace"),
                             &properties);
  mqtt::AppendBinaryProperty(PropertyId::kAuthenticationData,
                             AsBytes(authentication_data), &properties);
  return properties;
}

std::string AceConnect(absl::string_view authentication_data) {
  ConnectParts parts;
  parts.properties = AceProperties(authentication_data);
  return ConnectPacket(parts);
}

std::string TokenAndProof(absl::string_view token, absl::string_view proof) {
  std::string data;
  mqtt::AppendString(token, &data);
  absl::StrAppend(&data, proof);
  return data;
}

std::string ConnackPacket(ProtocolVersion version, uint8_t code,
                          absl::string_view properties) {
  std::string packet;
  mqtt::AppendConnack(version, false, code, properties, &packet);
  return packet;
}

std::string PublishPacket(ProtocolVersion version, absl::string_view topic,
                          int qos, uint16_t packet_id,
                          absl::string_view payload,
                          absl::string_view properties, bool retain) {
  std::string body;
  mqtt::AppendString(topic, &body);
  if (qos > 0) mqtt::AppendU16(packet_id, &body);
  if (version == ProtocolVersion::kV5) {
    mqtt::AppendVarint(static_cast<uint32_t>(properties.size()), &body);
    absl::StrAppend(&body, properties);
  }
  absl::StrAppend(&body, payload);
  std::string packet;
  mqtt::AppendPacket(PacketType::kPublish,
                     static_cast<uint8_t>(qos << 1 | (retain ? 1 : 0)), body,
                     &packet);
  return packet;
}

std::string SubscribePacket(ProtocolVersion version, uint16_t packet_id,
                            absl::Span<const absl::string_view> filters,
                            absl::string_view properties, uint8_t options) {
  std::string body;
  mqtt::AppendU16(packet_id, &body);
  if (version == ProtocolVersion::kV5) {
    mqtt::AppendVarint(static_cast<uint32_t>(properties.size()), &body);
    absl::StrAppend(&body, properties);
  }
  for (absl::string_view filter : filters) {
    mqtt::AppendString(filter, &body);
    mqtt::AppendByte(options, &body);
  }
  std::string packet;
  mqtt::AppendPacket(PacketType::kSubscribe, 2, body, &packet);
  return packet;
}

std::string SubackPacket(ProtocolVersion version, uint16_t packet_id,
                         std::initializer_list<uint8_t> codes) {
  const std::string list(codes.begin(), codes.end());
  std::string packet;
  mqtt::AppendSuback(version, packet_id, "", AsBytes(list), &packet);
  return packet;
}

std::string AckPacket(uint8_t first_byte, uint8_t packet_id) {
  return {static_cast<char>(first_byte), 2, 0, static_cast<char>(packet_id)};
}

std::string AuthPacket(uint8_t code, absl::string_view data,
                       absl::string_view method) {
  std::string properties;
  mqtt::AppendBinaryProperty(PropertyId::kAuthenticationMethod, AsBytes(method),
                             &properties);
  mqtt::AppendBinaryProperty(PropertyId::kAuthenticationData, AsBytes(data),
                             &properties);
  std::string packet;
  mqtt::AppendAuth(static_cast<mqtt::ReasonCode>(code), properties, &packet);
  return packet;
}

std::string TopicAlias(uint16_t alias) {
  std::string properties;
  mqtt::AppendU16Property(PropertyId::kTopicAlias, alias, &properties);
  return properties;
}

std::string MaximumPacketSize(uint32_t size) {
  std::string properties;
  mqtt::AppendU32Property(PropertyId::kMaximumPacketSize, size, &properties);
  return properties;
}

}  // namespace sluice::session
