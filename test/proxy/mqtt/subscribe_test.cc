#include "proxy/mqtt/subscribe.h"

#include <gtest/gtest.h>

#include <string>

#include "proxy/base/bytes.h"
#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2, EDGE-3, EDGE-4

namespace sluice::mqtt {
namespace {

TEST(SubscribeTest, ReadsV5) {
  const std::string packet =
      Hex("82 1a"
          "000a"         // packet identifier 10
          "02 0b 07"     // subscription identifier 7
          "0003 612f23"  // filter "a/#"
          "2e"           // retain handling 2, as published, no local, QoS 2
          "000c 2473686172652f672f2b2f62"  // filter "$share/g/+/b"
          "01");                           // QoS 1
  const auto subscribe = ParseSubscribe(FrameOf(packet), kV5);
  ASSERT_TRUE(subscribe.ok()) << subscribe.status();
  EXPECT_EQ(subscribe->packet_id, 10);
  Property identifier;
  ASSERT_TRUE(subscribe->properties.Find(PropertyId::kSubscriptionIdentifier,
                                         &identifier));
  EXPECT_EQ(identifier.number, 7u);
  ASSERT_EQ(subscribe->entries.size(), 2u);
  EXPECT_EQ(subscribe->entries[0].filter, "a/#");
  EXPECT_EQ(subscribe->entries[0].options, 0x2e);
  EXPECT_EQ(subscribe->entries[1].filter, "$share/g/+/b");
  EXPECT_EQ(subscribe->entries[1].options, 1);
  ExpectStrict(ParserOf(ParseSubscribe, kV5), packet, {11});
}

TEST(SubscribeTest, BoundsTheNumberOfFilters) {
  const auto packet = [](size_t filters) {
    std::string body = Hex("0001");
    for (size_t i = 0; i < filters; ++i) body += Hex("0001 61 00");
    std::string whole = Hex("82");
    size_t rest = body.size();
    for (; rest > 127; rest /= 128) {
      whole += static_cast<char>(rest % 128 | 128);
    }
    return whole + static_cast<char>(rest) + body;
  };
  EXPECT_TRUE(ParseSubscribe(FrameOf(packet(4096)), kV311).ok());
  const auto subscribe = ParseSubscribe(FrameOf(packet(4097)), kV311);
  EXPECT_EQ(ReasonCodeOf(subscribe.status()), ReasonCode::kQuotaExceeded);
}

TEST(SubscribeTest, ReadsV311) {
  const std::string packet =
      Hex("82 0a"
          "0001"          // packet identifier 1
          "0001 23 00"    // filter "#", QoS 0
          "0001 2b 02");  // filter "+", QoS 2
  const auto subscribe = ParseSubscribe(FrameOf(packet), kV311);
  ASSERT_TRUE(subscribe.ok()) << subscribe.status();
  ASSERT_EQ(subscribe->entries.size(), 2u);
  EXPECT_EQ(subscribe->entries[0].filter, "#");
  EXPECT_EQ(subscribe->entries[1].options, 2);
  ExpectStrict(ParserOf(ParseSubscribe, kV311), packet, {6});
}

TEST(SubscribeTest, ReadsMoreEntriesThanAreStoredInline) {
  std::string body = Hex("0001 00");
  for (int i = 0; i < 20; ++i) body += Hex("0001 61 01");
  const std::string packet = Hex("82") + static_cast<char>(body.size()) + body;
  const auto subscribe = ParseSubscribe(FrameOf(packet), kV5);
  ASSERT_TRUE(subscribe.ok()) << subscribe.status();
  EXPECT_EQ(subscribe->entries.size(), 20u);
}

TEST(SubscribeTest, RefusesV5) {
  const ReasonCode malformed = ReasonCode::kMalformedPacket;
  ExpectRefused(
      ParserOf(ParseSubscribe, kV5),
      {
          {"flags 0", Hex("80 07 0001 00 0001 61 00"), malformed},
          {"flags 3", Hex("83 07 0001 00 0001 61 00"), malformed},
          {"packet identifier 0", Hex("82 07 0000 00 0001 61 00"), malformed},
          {"reserved bit 6", Hex("82 07 0001 00 0001 61 40"), malformed},
          {"reserved bit 7", Hex("82 07 0001 00 0001 61 80"), malformed},
          {"QoS 3", Hex("82 07 0001 00 0001 61 03"), malformed},
          {"retain handling 3", Hex("82 07 0001 00 0001 61 30"), malformed},
          {"no entry", Hex("82 03 0001 00"), ReasonCode::kProtocolError},
          {"no local on a shared subscription",
           Hex("82 10 0001 00 000a 2473686172652f672f61 04"),
           ReasonCode::kProtocolError},
          {"filter is not UTF-8", Hex("82 07 0001 00 0001 ff 00"), malformed},
          {"filter is empty", Hex("82 06 0001 00 0000 00"),
           ReasonCode::kTopicFilterInvalid},
          {"bad filter", Hex("82 08 0001 00 0002 6123 00"),
           ReasonCode::kTopicFilterInvalid},
          {"bad filter behind a good one",
           Hex("82 0c 0001 00 0001 61 00 0002 232f 00"),
           ReasonCode::kTopicFilterInvalid},
          {"share without filter",
           Hex("82 0e 0001 00 0008 2473686172652f67 00"),
           ReasonCode::kTopicFilterInvalid},
          {"subscription identifier 0", Hex("82 09 0001 02 0b00 0001 61 00"),
           ReasonCode::kProtocolError},
          {"two subscription identifiers",
           Hex("82 0b 0001 04 0b010b02 0001 61 00"),
           ReasonCode::kProtocolError},
      });
}

// Section 4.7 of 3.1.1 knows no shared subscriptions.
TEST(SubscribeTest, WhatIsNoShareIsAnOrdinaryFilterInV311) {
  const std::string packet =
      Hex("82 0d 0001 0008 2473686172652f67 00");  // "$share/g"
  const absl::StatusOr<Subscribe> subscribe =
      ParseSubscribe(FrameOf(packet), kV311);
  ASSERT_TRUE(subscribe.ok());
  EXPECT_EQ(subscribe->entries[0].filter, "$share/g");
}

TEST(SubscribeTest, RefusesV311) {
  const ReasonCode malformed = ReasonCode::kMalformedPacket;
  ExpectRefused(
      ParserOf(ParseSubscribe, kV311),
      {
          {"flags 0", Hex("80 06 0001 0001 61 00"), malformed},
          {"packet identifier 0", Hex("82 06 0000 0001 61 00"), malformed},
          {"no local", Hex("82 06 0001 0001 61 04"), malformed},
          {"retain as published", Hex("82 06 0001 0001 61 08"), malformed},
          {"retain handling 1", Hex("82 06 0001 0001 61 10"), malformed},
          {"retain handling 2", Hex("82 06 0001 0001 61 20"), malformed},
          {"QoS 3", Hex("82 06 0001 0001 61 03"), malformed},
          {"no entry", Hex("82 02 0001"), ReasonCode::kProtocolError},
          {"bad filter", Hex("82 07 0001 0002 6123 00"),
           ReasonCode::kTopicFilterInvalid},
      });
}

}  // namespace
}  // namespace sluice::mqtt
