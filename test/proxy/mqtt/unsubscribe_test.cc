#include "proxy/mqtt/unsubscribe.h"

#include <gtest/gtest.h>

#include <string>

#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2, EDGE-3, EDGE-4

namespace sluice::mqtt {
namespace {

TEST(UnsubscribeTest, ReadsV5) {
  const std::string packet =
      Hex("a2 12"
          "0102"                   // packet identifier
          "07 26 0001 61 0001 62"  // user property a: b
          "0003 612f23"            // filter "a/#"
          "0001 2b");              // filter "+"
  const auto unsubscribe = ParseUnsubscribe(FrameOf(packet), kV5);
  ASSERT_TRUE(unsubscribe.ok()) << unsubscribe.status();
  EXPECT_EQ(unsubscribe->packet_id, 0x0102);
  EXPECT_EQ(unsubscribe->properties.bytes().size(), 7u);
  ASSERT_EQ(unsubscribe->filters.size(), 2u);
  EXPECT_EQ(unsubscribe->filters[0], "a/#");
  EXPECT_EQ(unsubscribe->filters[1], "+");
  ExpectStrict(ParserOf(ParseUnsubscribe, kV5), packet, {15});
}

TEST(UnsubscribeTest, ReadsV311) {
  const std::string packet =
      Hex("a2 05"
          "0001"       // packet identifier
          "0001 61");  // filter "a"
  const auto unsubscribe = ParseUnsubscribe(FrameOf(packet), kV311);
  ASSERT_TRUE(unsubscribe.ok()) << unsubscribe.status();
  ASSERT_EQ(unsubscribe->filters.size(), 1u);
  EXPECT_EQ(unsubscribe->filters[0], "a");
  ExpectStrict(ParserOf(ParseUnsubscribe, kV311), packet);
}

TEST(UnsubscribeTest, RefusesV5) {
  const ReasonCode malformed = ReasonCode::kMalformedPacket;
  ExpectRefused(
      ParserOf(ParseUnsubscribe, kV5),
      {
          {"flags 0", Hex("a0 06 0001 00 0001 61"), malformed},
          {"packet identifier 0", Hex("a2 06 0000 00 0001 61"), malformed},
          {"no filter", Hex("a2 03 0001 00"), ReasonCode::kProtocolError},
          {"filter is empty", Hex("a2 05 0001 00 0000"),
           ReasonCode::kTopicFilterInvalid},
          {"bad filter", Hex("a2 07 0001 00 0002 2b61"),
           ReasonCode::kTopicFilterInvalid},
          {"filter is not UTF-8", Hex("a2 06 0001 00 0001 80"), malformed},
          {"subscription identifier", Hex("a2 08 0001 02 0b01 0001 61"),
           malformed},
      });
}

TEST(UnsubscribeTest, RefusesV311) {
  ExpectRefused(
      ParserOf(ParseUnsubscribe, kV311),
      {
          {"flags 1", Hex("a1 05 0001 0001 61"), ReasonCode::kMalformedPacket},
          {"packet identifier 0", Hex("a2 05 0000 0001 61"),
           ReasonCode::kMalformedPacket},
          {"no filter", Hex("a2 02 0001"), ReasonCode::kProtocolError},
      });
}

TEST(UnsubscribeTest, BoundsTheNumberOfFilters) {
  std::string packet = Hex("a2 82 60 0001");
  for (int i = 0; i < 4096; ++i) packet += Hex("0001 61");
  EXPECT_TRUE(ParseUnsubscribe(FrameOf(packet), kV311).ok());
  packet = Hex("a2 85 60 0001");
  for (int i = 0; i < 4097; ++i) packet += Hex("0001 61");
  const auto more = ParseUnsubscribe(FrameOf(packet), kV311);
  EXPECT_EQ(ReasonCodeOf(more.status()), ReasonCode::kQuotaExceeded);
}

}  // namespace
}  // namespace sluice::mqtt
