// The broker's answer to CONNECT.
#include <algorithm>
#include <cstdint>
#include <string>

#include "proxy/mqtt/connack.h"
#include "proxy/session/session.h"

namespace sluice::session {

using mqtt::PacketType;
using mqtt::PropertyId;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

namespace {

constexpr char kRefusedByBroker[] = "refused by the broker";

}  // namespace

void Session::OnConnack(const mqtt::Frame& frame) {
  if (frame.type != PacketType::kConnack) {
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kBrokerUnavailable,
           "the broker's first packet is not CONNACK");
    return;
  }
  const absl::StatusOr<mqtt::Connack> parsed =
      mqtt::ParseConnack(frame, version_);
  if (!parsed.ok()) {
    // A broker of 3.1.1 refuses a client of 5.0 in its own words.
    const bool too_old = frame.body.size() == 2 && frame.body[1] != 0;
    Refuse(too_old ? ReasonCode::kUnsupportedProtocolVersion
                   : ReasonCode::kServerUnavailable,
           ConnectOutcome::kBrokerUnavailable,
           too_old ? "the broker does not speak the client's version of MQTT"
                   : "the broker's CONNACK is malformed");
    return;
  }
  if (parsed->code != 0) {
    const ReasonCode code =
        version_ == ProtocolVersion::kV5
            ? static_cast<ReasonCode>(parsed->code)
            : mqtt::ToReasonCode(
                  static_cast<mqtt::ConnectReturnCode>(parsed->code));
    ReportRefusal(code, ConnectOutcome::kBrokerRefused, kRefusedByBroker);
    Decide(Action::kConnect, Verdict::kDenied, code, "", kRefusedByBroker);
    effects_->Forward(Effect::Kind::kSendToClient, frame.whole);
    Close();
    return;
  }
  const uint32_t announced =
      parsed->properties.NumberOr(PropertyId::kTopicAliasMaximum, 0);
  client_aliases_.set_maximum(
      static_cast<uint16_t>(std::min<uint32_t>(announced, MaxTopicAliases())));
  broker_max_packet_size_ =
      parsed->properties.NumberOr(PropertyId::kMaximumPacketSize, 0);
  ConnackChanges changes;
  changes.add_authentication_method = uses_method_;
  if (announced > client_aliases_.maximum()) {
    changes.topic_alias_maximum = client_aliases_.maximum();
  }
  changes.max_packet_size = MaxPacketSizeToAnnounce();
  if (changes.any()) {
    const std::string packet = RewriteConnack(*parsed, changes);
    if (!FitsClient(packet.size())) {
      Refuse(ReasonCode::kPacketTooLarge, ConnectOutcome::kBrokerUnavailable,
             "CONNACK is larger than the client's Maximum Packet Size");
      return;
    }
    effects_->Send(Effect::Kind::kSendToClient, packet);
  } else {
    effects_->Forward(Effect::Kind::kSendToClient, frame.whole);
  }
  state_ = State::kOpen;
  connected_at_ = now_;
  mqtt::Property assigned;
  if (client_id_.empty() &&
      parsed->properties.Find(PropertyId::kAssignedClientIdentifier,
                              &assigned)) {
    assigned_client_id_ = std::string(AsString(assigned.data));
  }
  broker_keep_alive_.Start(
      static_cast<uint16_t>(parsed->properties.NumberOr(
          PropertyId::kServerKeepAlive, pending_->forwarded.keep_alive)),
      now_);
  RecordConnect();
  pending_.reset();
  context_.counters->connects[ConnectOutcome::kAccepted].Increment();
  Report(Event::Kind::kConnected, Action::kConnect, ReasonCode::kSuccess, "",
         "");
  ArmOpenTimer();
}

// MQTT 5.0 section 3.2.2.3.6. What clients without a token may send is not
// announced where nobody has set a limit: their CONNACK passes as it is.
absl::optional<uint32_t> Session::MaxPacketSizeToAnnounce() const {
  const size_t brokers = broker_max_packet_size_ != 0 ? broker_max_packet_size_
                                                      : mqtt::kMaxPacketSize;
  const size_t ours = MaxOpenPacketSize();
  if (version_ != ProtocolVersion::kV5 || ours >= brokers ||
      context_.settings->max_packet_size == mqtt::kMaxPacketSize) {
    return absl::nullopt;
  }
  return static_cast<uint32_t>(ours);
}

void Session::RecordConnect() {
  // The Will may be published long after, by the broker alone.
  Decide(Action::kConnect, Verdict::kAllowed, ReasonCode::kSuccess,
         pending_->will.has_value() ? pending_->will->topic : "",
         grant_->issuer().empty() ? "public" : "token");
}

}  // namespace sluice::session
