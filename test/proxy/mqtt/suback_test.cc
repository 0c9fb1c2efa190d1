#include "proxy/mqtt/suback.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "proxy/base/bytes.h"
#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2, EDGE-3, EDGE-4

namespace sluice::mqtt {
namespace {

TEST(SubackTest, ReadsV5) {
  const std::string packet =
      Hex("90 0a"
          "0001"           // packet identifier
          "04 1f 0001 61"  // reason string "a"
          "00 02 87");     // QoS 0, QoS 2, not authorized
  const auto suback = ParseSuback(FrameOf(packet), kV5);
  ASSERT_TRUE(suback.ok()) << suback.status();
  EXPECT_EQ(suback->packet_id, 1);
  EXPECT_EQ(suback->properties.bytes().size(), 4u);
  EXPECT_EQ(AsString(suback->codes), Hex("00 02 87"));
  ExpectStrict(ParserOf(ParseSuback, kV5), packet, {8, 9});
}

TEST(SubackTest, ReadsV311) {
  const std::string packet =
      Hex("90 04"
          "0001"     // packet identifier
          "01 80");  // QoS 1, failure
  const auto suback = ParseSuback(FrameOf(packet), kV311);
  ASSERT_TRUE(suback.ok()) << suback.status();
  EXPECT_EQ(AsString(suback->codes), Hex("01 80"));
  ExpectStrict(ParserOf(ParseSuback, kV311), packet, {3});
}

TEST(SubackTest, ReadsUnsubackV5) {
  const std::string packet =
      Hex("b0 05"
          "0001"     // packet identifier
          "00"       // no properties
          "00 11");  // success, no subscription existed
  const auto unsuback = ParseSuback(FrameOf(packet), kV5);
  ASSERT_TRUE(unsuback.ok()) << unsuback.status();
  EXPECT_EQ(AsString(unsuback->codes), Hex("00 11"));
  ExpectStrict(ParserOf(ParseSuback, kV5), packet, {4});
}

TEST(SubackTest, ReadsUnsubackV311) {
  const std::string packet = Hex("b0 02 0102");
  const auto unsuback = ParseSuback(FrameOf(packet), kV311);
  ASSERT_TRUE(unsuback.ok()) << unsuback.status();
  EXPECT_EQ(unsuback->packet_id, 0x0102);
  EXPECT_TRUE(unsuback->codes.empty());
  ExpectStrict(ParserOf(ParseSuback, kV311), packet);
}

TEST(SubackTest, TakesItsOwnCodesOnly) {
  const std::set<int> suback = {0x00, 0x01, 0x02, 0x80, 0x83, 0x87,
                                0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2};
  const std::set<int> unsuback = {0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91};
  const std::set<int> v311 = {0x00, 0x01, 0x02, 0x80};
  const auto refusal = [](absl::string_view start, int code,
                          ProtocolVersion version) {
    return Refusal(ParserOf(ParseSuback, version),
                   Hex(start) + static_cast<char>(code));
  };
  const auto expected = [](const std::set<int>& codes,
                           int code) -> absl::optional<ReasonCode> {
    if (codes.count(code) != 0) return absl::nullopt;
    return ReasonCode::kProtocolError;
  };
  for (int code = 0; code < 256; ++code) {
    EXPECT_EQ(refusal("90 04 0001 00", code, kV5), expected(suback, code))
        << code;
    EXPECT_EQ(refusal("b0 04 0001 00", code, kV5), expected(unsuback, code))
        << code;
    EXPECT_EQ(refusal("90 03 0001", code, kV311), expected(v311, code)) << code;
  }
}

TEST(SubackTest, Refuses) {
  const ReasonCode malformed = ReasonCode::kMalformedPacket;
  ExpectRefused(
      ParserOf(ParseSuback, kV5),
      {
          {"flags", Hex("92 04 0001 00 00"), malformed},
          {"packet identifier 0", Hex("90 04 0000 00 00"), malformed},
          {"no code", Hex("90 03 0001 00"), ReasonCode::kProtocolError},
          {"UNSUBACK without code", Hex("b0 03 0001 00"),
           ReasonCode::kProtocolError},
          {"v3 layout of UNSUBACK", Hex("b0 02 0001"), malformed},
      });
  ExpectRefused(ParserOf(ParseSuback, kV311),
                {
                    {"flags", Hex("b2 02 0001"), malformed},
                    {"no code", Hex("90 02 0001"), ReasonCode::kProtocolError},
                    {"UNSUBACK with a code", Hex("b0 03 0001 00"), malformed},
                });
}

}  // namespace
}  // namespace sluice::mqtt
