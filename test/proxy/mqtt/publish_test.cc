#include "proxy/mqtt/publish.h"

#include <gtest/gtest.h>

#include <string>

#include "proxy/base/bytes.h"
#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2, EDGE-3, EDGE-4, EDGE-7

namespace sluice::mqtt {
namespace {

Parser ParserOf(ProtocolVersion version, Sender sender = Sender::kClient) {
  return [version, sender](const Frame& frame) {
    return ParsePublish(frame, version, sender).status();
  };
}

// Fails the test, and yields an empty PUBLISH, when `packet` is refused.
Publish Parsed(std::string&& packet, ProtocolVersion version,
               Sender sender = Sender::kClient) = delete;  // it is aliased
Publish Parsed(const std::string& packet, ProtocolVersion version,
               Sender sender = Sender::kClient) {
  const auto publish = ParsePublish(FrameOf(packet), version, sender);
  EXPECT_TRUE(publish.ok()) << publish.status();
  return publish.ok() ? *publish : Publish();
}

TEST(PublishTest, ReadsQos0V5) {
  const std::string packet =
      Hex("31 09"          // PUBLISH, QoS 0, RETAIN
          "0003 61 2f 62"  // topic "a/b"
          "00"             // no properties
          "68 69 21");     // payload "hi!"
  const Publish publish = Parsed(packet, kV5);
  EXPECT_FALSE(publish.dup);
  EXPECT_EQ(publish.qos, 0);
  EXPECT_TRUE(publish.retain);
  EXPECT_EQ(publish.topic, "a/b");
  EXPECT_EQ(publish.packet_id, 0);
  EXPECT_EQ(publish.topic_alias, 0);
  EXPECT_TRUE(publish.properties.empty());
  EXPECT_EQ(AsString(publish.payload), "hi!");
  ExpectStrict(ParserOf(kV5), packet, {6, 7, 8}, /*open_ended=*/true);
}

TEST(PublishTest, ReadsQos2V5WithProperties) {
  const std::string packet =
      Hex("3c 15"          // PUBLISH, DUP, QoS 2
          "0001 61"        // topic "a"
          "1234"           // packet identifier
          "0d"             // property length
          "23 0007"        // topic alias 7
          "02 0000003c"    // message expiry 60 s
          "03 0002 74 78"  // content type "tx"
          "70 71");        // payload
  const Publish publish = Parsed(packet, kV5);
  EXPECT_TRUE(publish.dup);
  EXPECT_EQ(publish.qos, 2);
  EXPECT_FALSE(publish.retain);
  EXPECT_EQ(publish.packet_id, 0x1234);
  EXPECT_EQ(publish.topic_alias, 7);
  Property expiry;
  ASSERT_TRUE(
      publish.properties.Find(PropertyId::kMessageExpiryInterval, &expiry));
  EXPECT_EQ(expiry.number, 60u);
  EXPECT_EQ(AsString(publish.payload), "pq");
  ExpectStrict(ParserOf(kV5), packet, {19, 20}, /*open_ended=*/true);
}

TEST(PublishTest, ReadsV311) {
  const std::string packet =
      Hex("32 08"    // PUBLISH, QoS 1
          "0001 61"  // topic "a"
          "0001"     // packet identifier
          "00 ff 00");
  const Publish publish = Parsed(packet, kV311);
  EXPECT_EQ(publish.qos, 1);
  EXPECT_EQ(publish.packet_id, 1);
  EXPECT_EQ(AsString(publish.payload), absl::string_view("\0\xff\0", 3));
  ExpectStrict(ParserOf(kV311), packet, {5, 6, 7}, /*open_ended=*/true);
}

TEST(PublishTest, ReadsAnEmptyTopicWithAnAlias) {
  const std::string packet =
      Hex("30 06"
          "0000"        // no topic
          "03 23 0001"  // topic alias 1
      );
  const Publish publish = Parsed(packet, kV5);
  EXPECT_EQ(publish.topic, "");
  EXPECT_EQ(publish.topic_alias, 1);
  EXPECT_TRUE(publish.payload.empty());
}

TEST(PublishTest, TakesSubscriptionIdentifiersFromTheServerOnly) {
  const std::string packet =
      Hex("30 08"
          "0001 61"       // topic "a"
          "04 0b01 0b02"  // subscription identifiers 1 and 2
      );
  EXPECT_EQ(Refusal(ParserOf(kV5, Sender::kClient), packet),
            ReasonCode::kProtocolError);
  EXPECT_EQ(Refusal(ParserOf(kV5, Sender::kServer), packet), absl::nullopt);
}

TEST(PublishTest, RefusesWhatIsMalformedInBothVersions) {
  const ReasonCode malformed = ReasonCode::kMalformedPacket;
  for (const ProtocolVersion version : {kV311, kV5}) {
    ExpectRefused(
        ParserOf(version),
        {
            {"QoS 3", Hex("36 06 0001 61 0001 00"), malformed},
            {"DUP at QoS 0", Hex("38 04 0001 61 00"), malformed},
            {"packet identifier 0", Hex("32 06 0001 61 0000 00"), malformed},
            {"topic is cut off", Hex("30 04 0003 61 00"), malformed},
            {"no body", Hex("30 00"), malformed},
            {"U+0000", Hex("30 04 0001 00 00"), malformed},
            {"surrogate", Hex("30 06 0003 eda080 00"), malformed},
            {"overlong", Hex("30 05 0002 c0af 00"), malformed},
            {"cut off character", Hex("30 05 0002 61c3 00"), malformed},
            {"wildcard #", Hex("30 06 0003 612f23 00"),
             ReasonCode::kTopicNameInvalid},
            {"wildcard +", Hex("30 04 0001 2b 00"),
             ReasonCode::kTopicNameInvalid},
            {"wildcard behind eight bytes",
             Hex("30 0d 000a 6161616161616161232f 00"),
             ReasonCode::kTopicNameInvalid},
        });
  }
}

TEST(PublishTest, RefusesV5) {
  const ReasonCode malformed = ReasonCode::kMalformedPacket;
  const ReasonCode protocol = ReasonCode::kProtocolError;
  ExpectRefused(
      ParserOf(kV5),
      {
          {"empty topic, no alias", Hex("30 03 0000 00"), protocol},
          {"alias 0", Hex("30 07 0001 61 03 230000"),
           ReasonCode::kTopicAliasInvalid},
          {"two aliases", Hex("30 0a 0001 61 06 230001 230001"), protocol},
          {"no property length", Hex("30 03 0001 61"), malformed},
          {"property length not shortest", Hex("30 05 0001 61 8000"),
           malformed},
          {"properties longer than the packet", Hex("30 05 0001 61 02 01"),
           malformed},
          {"property of CONNECT", Hex("30 09 0001 61 05 1100000000"),
           malformed},
      });
}

TEST(PublishTest, RefusesAnEmptyTopicInV311) {
  EXPECT_EQ(Refusal(ParserOf(kV311), Hex("30 03 0000 00")),
            ReasonCode::kMalformedPacket);
}

TEST(PublishTest, BoundsThePropertiesOfAClientOnly) {
  std::string body = Hex("0001 61 85 28");  // 1025 User Properties
  for (int i = 0; i < 1025; ++i) body += Hex("26 0000 0000");
  const std::string packet = Hex("30 8a 28") + body;
  const auto from_client = ParsePublish(FrameOf(packet), kV5, Sender::kClient);
  EXPECT_EQ(ReasonCodeOf(from_client.status()), ReasonCode::kQuotaExceeded);
  EXPECT_TRUE(ParsePublish(FrameOf(packet), kV5, Sender::kServer).ok());
}

// What changes nothing for anybody but the receiver is the receiver's to judge:
// the publisher is not there to be told.
TEST(PublishTest, LeavesValuesOfADeliveryToTheReceiver) {
  for (const std::string& packet : {
           Hex("30 06 0001 61 02 0102"),      // Payload Format Indicator 2
           Hex("30 07 0001 61 03 080000"),    // an empty Response Topic
           Hex("30 08 0001 61 04 08000123"),  // with a wildcard
           Hex("38 04 0001 61 00"),           // DUP at QoS 0
       }) {
    EXPECT_FALSE(ParsePublish(FrameOf(packet), kV5, Sender::kClient).ok());
    EXPECT_TRUE(ParsePublish(FrameOf(packet), kV5, Sender::kServer).ok());
  }
  const std::string alias_0 = Hex("30 07 0001 61 03 230000");
  EXPECT_EQ(ReasonCodeOf(
                ParsePublish(FrameOf(alias_0), kV5, Sender::kServer).status()),
            ReasonCode::kTopicAliasInvalid);
}

}  // namespace
}  // namespace sluice::mqtt
