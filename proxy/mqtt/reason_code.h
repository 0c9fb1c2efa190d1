#ifndef PROXY_MQTT_REASON_CODE_H_
#define PROXY_MQTT_REASON_CODE_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/packet_type.h"

namespace sluice::mqtt {

// MQTT 5.0 section 2.4.
enum class ReasonCode : uint8_t {
  kSuccess = 0x00,  // also Normal disconnection, Granted QoS 0
  kGrantedQos1 = 0x01,
  kGrantedQos2 = 0x02,
  kDisconnectWithWill = 0x04,
  kNoMatchingSubscribers = 0x10,
  kNoSubscriptionExisted = 0x11,
  kContinueAuthentication = 0x18,
  kReAuthenticate = 0x19,
  kUnspecifiedError = 0x80,
  kMalformedPacket = 0x81,
  kProtocolError = 0x82,
  kImplementationSpecificError = 0x83,
  kUnsupportedProtocolVersion = 0x84,
  kClientIdentifierNotValid = 0x85,
  kBadUserNameOrPassword = 0x86,
  kNotAuthorized = 0x87,
  kServerUnavailable = 0x88,
  kServerBusy = 0x89,
  kBanned = 0x8A,
  kServerShuttingDown = 0x8B,
  kBadAuthenticationMethod = 0x8C,
  kKeepAliveTimeout = 0x8D,
  kSessionTakenOver = 0x8E,
  kTopicFilterInvalid = 0x8F,
  kTopicNameInvalid = 0x90,
  kPacketIdentifierInUse = 0x91,
  kPacketIdentifierNotFound = 0x92,
  kReceiveMaximumExceeded = 0x93,
  kTopicAliasInvalid = 0x94,
  kPacketTooLarge = 0x95,
  kMessageRateTooHigh = 0x96,
  kQuotaExceeded = 0x97,
  kAdministrativeAction = 0x98,
  kPayloadFormatInvalid = 0x99,
  kRetainNotSupported = 0x9A,
  kQosNotSupported = 0x9B,
  kUseAnotherServer = 0x9C,
  kServerMoved = 0x9D,
  kSharedSubscriptionsNotSupported = 0x9E,
  kConnectionRateExceeded = 0x9F,
  kMaximumConnectTime = 0xA0,
  kSubscriptionIdentifiersNotSupported = 0xA1,
  kWildcardSubscriptionsNotSupported = 0xA2,
};

// CONNACK return codes of MQTT 3.1.1 section 3.2.2.3.
enum class ConnectReturnCode : uint8_t {
  kAccepted = 0,
  kUnacceptableProtocolVersion = 1,
  kIdentifierRejected = 2,
  kServerUnavailable = 3,
  kBadUserNameOrPassword = 4,
  kNotAuthorized = 5,
};

// "Not authorized", as the standard spells it; "0x??" never: an unknown value
// is "Unknown reason code".
absl::string_view ReasonCodeName(ReasonCode code);

// Whether a packet of `type` may carry `code` in MQTT 5.0 (the table of reason
// codes in each packet's section, and section 2.4). False for any code in a
// packet that has none.
bool IsReasonCodeOf(PacketType type, uint8_t code);

// The 3.1.1 return code that says the same in a CONNACK, the closest one where
// there is none.
ConnectReturnCode ToConnectReturnCode(ReasonCode code);
// The reason code that says what a 3.1.1 return code does; kUnspecifiedError
// for one that there is not.
ReasonCode ToReasonCode(ConnectReturnCode code);

// A failure to be answered on the wire with `code`. The status is
// kInvalidArgument and carries the code as a typed payload.
absl::Status MqttError(ReasonCode code, absl::string_view message);

// MqttError() with kMalformedPacket, and with kProtocolError.
absl::Status MalformedPacket(absl::string_view message);
absl::Status ProtocolError(absl::string_view message);

// The code that MqttError() put into `status`; kUnspecifiedError when there is
// none.
ReasonCode ReasonCodeOf(const absl::Status& status);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_REASON_CODE_H_
