#include "proxy/mqtt/reason_code.h"

#include <array>
#include <cstddef>

#include "absl/strings/cord.h"
#include "absl/types/optional.h"

namespace sluice::mqtt {
namespace {

constexpr char kPayloadUrl[] = "sluice.dev/mqtt/ReasonCode";

constexpr uint16_t In(PacketType type) {
  return static_cast<uint16_t>(1 << static_cast<int>(type));
}

constexpr uint16_t kInConnack = In(PacketType::kConnack);
constexpr uint16_t kInPublishAcks =
    In(PacketType::kPuback) | In(PacketType::kPubrec);
constexpr uint16_t kInReleaseAcks =
    In(PacketType::kPubrel) | In(PacketType::kPubcomp);
constexpr uint16_t kInSuback = In(PacketType::kSuback);
constexpr uint16_t kInUnsuback = In(PacketType::kUnsuback);
constexpr uint16_t kInDisconnect = In(PacketType::kDisconnect);
constexpr uint16_t kInAuth = In(PacketType::kAuth);

struct ReasonCodeInfo {
  ReasonCode code = ReasonCode::kSuccess;
  absl::string_view name;
  uint16_t packets = 0;  // bits of In()
};

constexpr ReasonCodeInfo kInfos[] = {
    {ReasonCode::kSuccess, "Success",
     kInConnack | kInPublishAcks | kInReleaseAcks | kInSuback | kInUnsuback |
         kInDisconnect | kInAuth},
    {ReasonCode::kGrantedQos1, "Granted QoS 1", kInSuback},
    {ReasonCode::kGrantedQos2, "Granted QoS 2", kInSuback},
    {ReasonCode::kDisconnectWithWill, "Disconnect with Will Message",
     kInDisconnect},
    {ReasonCode::kNoMatchingSubscribers, "No matching subscribers",
     kInPublishAcks},
    {ReasonCode::kNoSubscriptionExisted, "No subscription existed",
     kInUnsuback},
    {ReasonCode::kContinueAuthentication, "Continue authentication", kInAuth},
    {ReasonCode::kReAuthenticate, "Re-authenticate", kInAuth},
    {ReasonCode::kUnspecifiedError, "Unspecified error",
     kInConnack | kInPublishAcks | kInSuback | kInUnsuback | kInDisconnect},
    {ReasonCode::kMalformedPacket, "Malformed Packet",
     kInConnack | kInDisconnect},
    {ReasonCode::kProtocolError, "Protocol Error", kInConnack | kInDisconnect},
    {ReasonCode::kImplementationSpecificError, "Implementation specific error",
     kInConnack | kInPublishAcks | kInSuback | kInUnsuback | kInDisconnect},
    {ReasonCode::kUnsupportedProtocolVersion, "Unsupported Protocol Version",
     kInConnack},
    {ReasonCode::kClientIdentifierNotValid, "Client Identifier not valid",
     kInConnack},
    {ReasonCode::kBadUserNameOrPassword, "Bad User Name or Password",
     kInConnack},
    {ReasonCode::kNotAuthorized, "Not authorized",
     kInConnack | kInPublishAcks | kInSuback | kInUnsuback | kInDisconnect},
    {ReasonCode::kServerUnavailable, "Server unavailable", kInConnack},
    {ReasonCode::kServerBusy, "Server busy", kInConnack | kInDisconnect},
    {ReasonCode::kBanned, "Banned", kInConnack},
    {ReasonCode::kServerShuttingDown, "Server shutting down", kInDisconnect},
    {ReasonCode::kBadAuthenticationMethod, "Bad authentication method",
     kInConnack | kInDisconnect},
    {ReasonCode::kKeepAliveTimeout, "Keep Alive timeout", kInDisconnect},
    {ReasonCode::kSessionTakenOver, "Session taken over", kInDisconnect},
    {ReasonCode::kTopicFilterInvalid, "Topic Filter invalid",
     kInSuback | kInUnsuback | kInDisconnect},
    {ReasonCode::kTopicNameInvalid, "Topic Name invalid",
     kInConnack | kInPublishAcks | kInDisconnect},
    {ReasonCode::kPacketIdentifierInUse, "Packet Identifier in use",
     kInPublishAcks | kInSuback | kInUnsuback},
    {ReasonCode::kPacketIdentifierNotFound, "Packet Identifier not found",
     kInReleaseAcks},
    {ReasonCode::kReceiveMaximumExceeded, "Receive Maximum exceeded",
     kInDisconnect},
    {ReasonCode::kTopicAliasInvalid, "Topic Alias invalid", kInDisconnect},
    {ReasonCode::kPacketTooLarge, "Packet too large",
     kInConnack | kInDisconnect},
    {ReasonCode::kMessageRateTooHigh, "Message rate too high", kInDisconnect},
    {ReasonCode::kQuotaExceeded, "Quota exceeded",
     kInConnack | kInPublishAcks | kInSuback | kInDisconnect},
    {ReasonCode::kAdministrativeAction, "Administrative action", kInDisconnect},
    {ReasonCode::kPayloadFormatInvalid, "Payload format invalid",
     kInConnack | kInPublishAcks | kInDisconnect},
    {ReasonCode::kRetainNotSupported, "Retain not supported",
     kInConnack | kInDisconnect},
    {ReasonCode::kQosNotSupported, "QoS not supported",
     kInConnack | kInDisconnect},
    {ReasonCode::kUseAnotherServer, "Use another server",
     kInConnack | kInDisconnect},
    {ReasonCode::kServerMoved, "Server moved", kInConnack | kInDisconnect},
    {ReasonCode::kSharedSubscriptionsNotSupported,
     "Shared Subscriptions not supported", kInSuback | kInDisconnect},
    {ReasonCode::kConnectionRateExceeded, "Connection rate exceeded",
     kInConnack | kInDisconnect},
    {ReasonCode::kMaximumConnectTime, "Maximum connect time", kInDisconnect},
    {ReasonCode::kSubscriptionIdentifiersNotSupported,
     "Subscription Identifiers not supported", kInSuback | kInDisconnect},
    {ReasonCode::kWildcardSubscriptionsNotSupported,
     "Wildcard Subscriptions not supported", kInSuback | kInDisconnect},
};

// kInfos by code; the name is empty where there is no such code.
constexpr std::array<ReasonCodeInfo, 256> MakeIndex() {
  std::array<ReasonCodeInfo, 256> index{};
  for (const ReasonCodeInfo& info : kInfos) {
    index[static_cast<size_t>(info.code)] = info;
  }
  return index;
}

constexpr std::array<ReasonCodeInfo, 256> kByCode = MakeIndex();

}  // namespace

absl::string_view ReasonCodeName(ReasonCode code) {
  const absl::string_view name = kByCode[static_cast<size_t>(code)].name;
  return name.empty() ? "Unknown reason code" : name;
}

bool IsReasonCodeOf(PacketType type, uint8_t code) {
  return (kByCode[code].packets & In(type)) != 0;
}

ConnectReturnCode ToConnectReturnCode(ReasonCode code) {
  switch (code) {
    case ReasonCode::kSuccess:
      return ConnectReturnCode::kAccepted;
    case ReasonCode::kUnsupportedProtocolVersion:
      return ConnectReturnCode::kUnacceptableProtocolVersion;
    case ReasonCode::kClientIdentifierNotValid:
      return ConnectReturnCode::kIdentifierRejected;
    case ReasonCode::kBadUserNameOrPassword:
      return ConnectReturnCode::kBadUserNameOrPassword;
    // The server's state: the same CONNECT may succeed later.
    case ReasonCode::kUnspecifiedError:
    case ReasonCode::kImplementationSpecificError:
    case ReasonCode::kServerUnavailable:
    case ReasonCode::kServerBusy:
    case ReasonCode::kServerShuttingDown:
    case ReasonCode::kMessageRateTooHigh:
    case ReasonCode::kQuotaExceeded:
    case ReasonCode::kUseAnotherServer:
    case ReasonCode::kServerMoved:
    case ReasonCode::kConnectionRateExceeded:
    case ReasonCode::kMaximumConnectTime:
      return ConnectReturnCode::kServerUnavailable;
    // The client or its CONNECT: it will not succeed later, either.
    default:
      return ConnectReturnCode::kNotAuthorized;
  }
}

ReasonCode ToReasonCode(ConnectReturnCode code) {
  switch (code) {
    case ConnectReturnCode::kAccepted:
      return ReasonCode::kSuccess;
    case ConnectReturnCode::kUnacceptableProtocolVersion:
      return ReasonCode::kUnsupportedProtocolVersion;
    case ConnectReturnCode::kIdentifierRejected:
      return ReasonCode::kClientIdentifierNotValid;
    case ConnectReturnCode::kServerUnavailable:
      return ReasonCode::kServerUnavailable;
    case ConnectReturnCode::kBadUserNameOrPassword:
      return ReasonCode::kBadUserNameOrPassword;
    case ConnectReturnCode::kNotAuthorized:
      return ReasonCode::kNotAuthorized;
  }
  return ReasonCode::kUnspecifiedError;
}

absl::Status MqttError(ReasonCode code, absl::string_view message) {
  absl::Status status = absl::InvalidArgumentError(message);
  const char byte = static_cast<char>(code);
  status.SetPayload(kPayloadUrl, absl::Cord(absl::string_view(&byte, 1)));
  return status;
}

absl::Status MalformedPacket(absl::string_view message) {
  return MqttError(ReasonCode::kMalformedPacket, message);
}

absl::Status ProtocolError(absl::string_view message) {
  return MqttError(ReasonCode::kProtocolError, message);
}

ReasonCode ReasonCodeOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayloadUrl);
  if (!payload.has_value() || payload->size() != 1) {
    return ReasonCode::kUnspecifiedError;
  }
  return static_cast<ReasonCode>((*payload)[0]);
}

}  // namespace sluice::mqtt
