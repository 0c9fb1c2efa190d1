// Packets of a connected client.
#include "proxy/mqtt/disconnect.h"
#include "proxy/mqtt/empty_packet.h"
#include "proxy/mqtt/puback.h"
#include "proxy/session/reasons.h"
#include "proxy/session/session.h"

namespace sluice::session {

using mqtt::PacketType;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

namespace {

// A client's DISCONNECT after a CONNECT with that Session Expiry Interval.
absl::Status CheckDisconnect(const mqtt::Frame& frame, ProtocolVersion version,
                             uint32_t session_expiry_interval) {
  const absl::StatusOr<mqtt::Disconnect> disconnect =
      mqtt::ParseDisconnect(frame, version);
  if (!disconnect.ok()) return disconnect.status();
  mqtt::Property expiry;
  if (session_expiry_interval == 0 &&
      disconnect->properties.Find(mqtt::PropertyId::kSessionExpiryInterval,
                                  &expiry) &&
      expiry.number != 0) {
    // MQTT 5.0 section 3.14.2.2.2
    return mqtt::MqttError(ReasonCode::kProtocolError,
                           "a session that has ended is to be kept");
  }
  return absl::OkStatus();
}

}  // namespace

void Session::OnDisconnect(const mqtt::Frame& frame) {
  const absl::Status status =
      CheckDisconnect(frame, version_, session_expiry_interval_);
  if (!status.ok()) {
    Fail(status);
    return;
  }
  const bool before_connack = state_ != State::kOpen;
  // The broker that has CONNECT has the Will, which this may take back.
  if (!before_connack || state_ == State::kAwaitConnack) ForwardToBroker(frame);
  CountLeaving();
  Report(Event::Kind::kClosed, Action::kConnect, ReasonCode::kSuccess, "",
         before_connack ? "the client disconnected before CONNACK"
                        : "the client disconnected");
  Close();
}

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
        DisconnectExpired();
        return;
      }
      broker_keep_alive_.OnClientPing();
      break;
    case PacketType::kDisconnect:
      OnDisconnect(frame);
      return;
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
  to_broker_.Pass(frame.missing);
}

ReasonCode Session::DenialCode() const {
  return context_.settings->hide_topics ? ReasonCode::kUnspecifiedError
                                        : ReasonCode::kNotAuthorized;
}

}  // namespace sluice::session
