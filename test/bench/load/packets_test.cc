#include "test/bench/load/packets.h"

#include <string>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"
#include "proxy/mqtt/auth.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/properties.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/subscribe.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/mqtt/varint.h"

namespace sluice::load {
namespace {

using mqtt::ProtocolVersion;

// `packet` is exactly one packet and outlives the frame.
mqtt::Frame FrameOf(absl::string_view packet) {
  const mqtt::UnframeResult result =
      mqtt::Unframe(AsBytes(packet), mqtt::kMaxVarint);
  EXPECT_EQ(result.kind, mqtt::UnframeResult::Kind::kFrame);
  EXPECT_EQ(result.frame.whole.size(), packet.size());
  return result.frame;
}

std::string PropertyOf(const mqtt::Properties& properties,
                       mqtt::PropertyId id) {
  mqtt::Property property;
  if (!properties.Find(id, &property)) return "(none)";
  return std::string(AsString(property.data));
}

TEST(PacketsTest, ConnectIsAnonymousWithoutCredentials) {
  for (const auto version : {ProtocolVersion::kV311, ProtocolVersion::kV5}) {
    const std::string packet = ConnectPacket(version, "c1", 30, {});
    const absl::StatusOr<mqtt::Connect> connect =
        mqtt::ParseConnect(FrameOf(packet));
    ASSERT_TRUE(connect.ok()) << connect.status();
    EXPECT_EQ(connect->version, version);
    EXPECT_TRUE(connect->clean_start);
    EXPECT_EQ(connect->keep_alive, 30);
    EXPECT_EQ(connect->client_id, "c1");
    EXPECT_FALSE(connect->username.has_value());
    EXPECT_TRUE(connect->properties.empty());
  }
}

TEST(PacketsTest, ConnectCarriesAuthenticationData) {
  Credentials credentials;
  credentials.authentication_data = std::string("\0\1t", 3);
  const std::string packet =
      ConnectPacket(ProtocolVersion::kV5, "c1", 30, credentials);
  const absl::StatusOr<mqtt::Connect> connect =
      mqtt::ParseConnect(FrameOf(packet));
  ASSERT_TRUE(connect.ok()) << connect.status();
  EXPECT_EQ(
      PropertyOf(connect->properties, mqtt::PropertyId::kAuthenticationMethod),
      "ace");
  EXPECT_EQ(
      PropertyOf(connect->properties, mqtt::PropertyId::kAuthenticationData),
      credentials.authentication_data);
}

TEST(PacketsTest, ConnectCarriesUserNameAndPassword) {
  Credentials credentials;
  credentials.username = "acedG9rZW4";
  credentials.password = std::string("\0\xff", 2);
  const std::string packet =
      ConnectPacket(ProtocolVersion::kV311, "c1", 30, credentials);
  const absl::StatusOr<mqtt::Connect> connect =
      mqtt::ParseConnect(FrameOf(packet));
  ASSERT_TRUE(connect.ok()) << connect.status();
  ASSERT_TRUE(connect->username.has_value());
  EXPECT_EQ(*connect->username, *credentials.username);
  ASSERT_TRUE(connect->password.has_value());
  EXPECT_EQ(AsString(*connect->password), *credentials.password);
}

TEST(PacketsTest, AuthContinuesWithMethodAce) {
  const std::string packet = AuthPacket("answer");
  const absl::StatusOr<mqtt::Auth> auth = mqtt::ParseAuth(FrameOf(packet));
  ASSERT_TRUE(auth.ok()) << auth.status();
  EXPECT_EQ(auth->code, 0x18);
  EXPECT_EQ(PropertyOf(auth->properties, mqtt::PropertyId::kAuthenticationData),
            "answer");
}

TEST(PacketsTest, SubscribeAsksForOneFilter) {
  for (const auto version : {ProtocolVersion::kV311, ProtocolVersion::kV5}) {
    const std::string packet = SubscribePacket(version, "bench/1", 1);
    const absl::StatusOr<mqtt::Subscribe> subscribe =
        mqtt::ParseSubscribe(FrameOf(packet), version);
    ASSERT_TRUE(subscribe.ok()) << subscribe.status();
    ASSERT_EQ(subscribe->entries.size(), 1u);
    EXPECT_EQ(subscribe->entries[0].filter, "bench/1");
    EXPECT_EQ(subscribe->entries[0].options, 1);
  }
}

TEST(PacketsTest, PublishIsFilledInPlace) {
  for (const auto version : {ProtocolVersion::kV311, ProtocolVersion::kV5}) {
    for (const int qos : {0, 1}) {
      PublishTemplate publish_template(version, "bench/7", qos, 200);
      for (const uint16_t packet_id : {0x0102, 0xffff}) {
        const Stamp stamp{1234567890123, packet_id + 5u, 7};
        const absl::string_view packet =
            publish_template.Fill(stamp, packet_id);
        const absl::StatusOr<mqtt::Publish> publish =
            mqtt::ParsePublish(FrameOf(packet), version, mqtt::Sender::kClient);
        ASSERT_TRUE(publish.ok()) << publish.status();
        EXPECT_EQ(publish->topic, "bench/7");
        EXPECT_EQ(publish->qos, qos);
        EXPECT_EQ(publish->packet_id, qos == 0 ? 0 : packet_id);
        EXPECT_EQ(publish->payload.size(), 200u);
        const absl::optional<Stamp> read = ReadStamp(publish->payload);
        ASSERT_TRUE(read.has_value());
        EXPECT_EQ(read->sent, stamp.sent);
        EXPECT_EQ(read->sequence, stamp.sequence);
        EXPECT_EQ(read->publisher, stamp.publisher);
      }
    }
  }
}

TEST(PacketsTest, ReadsNoStampOffForeignPayloads) {
  EXPECT_FALSE(ReadStamp({}).has_value());
  EXPECT_FALSE(ReadStamp(AsBytes(std::string(23, 'x'))).has_value());
  EXPECT_FALSE(ReadStamp(AsBytes(std::string(64, 'x'))).has_value());
}

}  // namespace
}  // namespace sluice::load
