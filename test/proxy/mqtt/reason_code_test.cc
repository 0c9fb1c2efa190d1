#include "proxy/mqtt/reason_code.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/status/status.h"
#include "proxy/mqtt/packet_type.h"

namespace sluice::mqtt {
namespace {

TEST(ReasonCodeTest, TravelsInAStatus) {
  const absl::Status status =
      MqttError(ReasonCode::kTopicAliasInvalid, "topic alias is 0");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "topic alias is 0");
  EXPECT_EQ(ReasonCodeOf(status), ReasonCode::kTopicAliasInvalid);
  EXPECT_EQ(ReasonCodeOf(MalformedPacket("")), ReasonCode::kMalformedPacket);
  EXPECT_EQ(ReasonCodeOf(ProtocolError("")), ReasonCode::kProtocolError);
}

TEST(ReasonCodeTest, IsUnspecifiedWhereThereIsNone) {
  EXPECT_EQ(ReasonCodeOf(absl::InternalError("x")),
            ReasonCode::kUnspecifiedError);
  EXPECT_EQ(ReasonCodeOf(absl::OkStatus()), ReasonCode::kUnspecifiedError);
}

TEST(ReasonCodeTest, HasAName) {
  EXPECT_EQ(ReasonCodeName(ReasonCode::kSuccess), "Success");
  EXPECT_EQ(ReasonCodeName(ReasonCode::kNotAuthorized), "Not authorized");
  EXPECT_EQ(ReasonCodeName(ReasonCode::kWildcardSubscriptionsNotSupported),
            "Wildcard Subscriptions not supported");
  EXPECT_EQ(ReasonCodeName(static_cast<ReasonCode>(0x03)),
            "Unknown reason code");
  EXPECT_EQ(ReasonCodeName(static_cast<ReasonCode>(0xff)),
            "Unknown reason code");
  std::set<absl::string_view> names;
  for (int code = 0; code < 256; ++code) {
    names.insert(ReasonCodeName(static_cast<ReasonCode>(code)));
  }
  EXPECT_EQ(names.size(), 43u + 1u);  // section 2.4, and the unknown
}

TEST(ReasonCodeTest, StandsInPacketsThatHaveOne) {
  EXPECT_TRUE(IsReasonCodeOf(PacketType::kConnack, 0x88));
  EXPECT_FALSE(IsReasonCodeOf(PacketType::kDisconnect, 0x88));
  EXPECT_FALSE(IsReasonCodeOf(PacketType::kPublish, 0x00));
  EXPECT_FALSE(IsReasonCodeOf(PacketType::kAuth, 0x03));
}

TEST(ReasonCodeTest, SaysWhatAReturnCodeOfV311Does) {
  for (uint8_t code = 0; code <= 5; ++code) {
    const auto v311 = static_cast<ConnectReturnCode>(code);
    EXPECT_EQ(ToConnectReturnCode(ToReasonCode(v311)), v311);
  }
  EXPECT_EQ(ToReasonCode(static_cast<ConnectReturnCode>(6)),
            ReasonCode::kUnspecifiedError);
}

TEST(ReasonCodeTest, HasAReturnCodeOfV311) {
  const struct {
    ReasonCode from;
    ConnectReturnCode to;
  } cases[] = {
      {ReasonCode::kSuccess, ConnectReturnCode::kAccepted},
      {ReasonCode::kUnsupportedProtocolVersion,
       ConnectReturnCode::kUnacceptableProtocolVersion},
      {ReasonCode::kClientIdentifierNotValid,
       ConnectReturnCode::kIdentifierRejected},
      {ReasonCode::kServerUnavailable, ConnectReturnCode::kServerUnavailable},
      {ReasonCode::kServerBusy, ConnectReturnCode::kServerUnavailable},
      {ReasonCode::kServerShuttingDown, ConnectReturnCode::kServerUnavailable},
      {ReasonCode::kUnspecifiedError, ConnectReturnCode::kServerUnavailable},
      {ReasonCode::kBadUserNameOrPassword,
       ConnectReturnCode::kBadUserNameOrPassword},
      {ReasonCode::kNotAuthorized, ConnectReturnCode::kNotAuthorized},
      {ReasonCode::kBadAuthenticationMethod, ConnectReturnCode::kNotAuthorized},
      {ReasonCode::kBanned, ConnectReturnCode::kNotAuthorized},
      {ReasonCode::kTopicNameInvalid, ConnectReturnCode::kNotAuthorized},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(ToConnectReturnCode(test.from), test.to)
        << ReasonCodeName(test.from);
  }
}

TEST(PacketTypeTest, HasAName) {
  EXPECT_EQ(PacketTypeName(PacketType::kConnect), "CONNECT");
  EXPECT_EQ(PacketTypeName(PacketType::kAuth), "AUTH");
  EXPECT_EQ(PacketTypeName(static_cast<PacketType>(0)), "RESERVED");
  std::set<absl::string_view> names;
  for (int type = 1; type < 16; ++type) {
    names.insert(PacketTypeName(static_cast<PacketType>(type)));
  }
  EXPECT_EQ(names.size(), 15u);
}

}  // namespace
}  // namespace sluice::mqtt
