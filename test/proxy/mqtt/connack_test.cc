#include "proxy/mqtt/connack.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "proxy/base/bytes.h"
#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2, EDGE-3, EDGE-4

namespace sluice::mqtt {
namespace {

std::string WithCode(int code, absl::string_view rest) {
  std::string body = std::string(1, '\0') + static_cast<char>(code);
  body += Hex(rest);
  return '\x20' + std::string(1, static_cast<char>(body.size())) + body;
}

TEST(ConnackTest, ReadsV5) {
  const std::string packet =
      Hex("20 0b"
          "01"              // session present
          "00"              // success
          "08"              // property length
          "24 01"           // maximum QoS 1
          "15 0003 616365"  // authentication method "ace"
      );
  const auto connack = ParseConnack(FrameOf(packet), kV5);
  ASSERT_TRUE(connack.ok()) << connack.status();
  EXPECT_TRUE(connack->session_present);
  EXPECT_EQ(connack->code, 0);
  Property qos;
  ASSERT_TRUE(connack->properties.Find(PropertyId::kMaximumQos, &qos));
  EXPECT_EQ(qos.number, 1u);
  ExpectStrict(ParserOf(ParseConnack, kV5), packet);
}

TEST(ConnackTest, ReadsV311) {
  const std::string packet = Hex("20 02 01 00");
  const auto connack = ParseConnack(FrameOf(packet), kV311);
  ASSERT_TRUE(connack.ok()) << connack.status();
  EXPECT_TRUE(connack->session_present);
  EXPECT_EQ(connack->code, 0);
  ExpectStrict(ParserOf(ParseConnack, kV311), packet);
}

TEST(ConnackTest, TakesItsOwnCodesOnly) {
  const std::set<int> v5 = {0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86,
                            0x87, 0x88, 0x89, 0x8a, 0x8c, 0x90, 0x95, 0x97,
                            0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f};
  for (int code = 0; code < 256; ++code) {
    EXPECT_EQ(!Refusal(ParserOf(ParseConnack, kV5), WithCode(code, "00")),
              v5.count(code) != 0)
        << code;
    EXPECT_EQ(!Refusal(ParserOf(ParseConnack, kV311), WithCode(code, "")),
              code <= 5)
        << code;
  }
  EXPECT_EQ(Refusal(ParserOf(ParseConnack, kV5), WithCode(0x01, "00")),
            ReasonCode::kProtocolError);
  EXPECT_EQ(Refusal(ParserOf(ParseConnack, kV311), WithCode(6, "")),
            ReasonCode::kProtocolError);
}

TEST(ConnackTest, Refuses) {
  const ReasonCode malformed = ReasonCode::kMalformedPacket;
  ExpectRefused(
      ParserOf(ParseConnack, kV5),
      {
          {"fixed header", Hex("21 03 00 00 00"), malformed},
          {"reserved flag", Hex("20 03 02 00 00"), malformed},
          {"refusal with session present", Hex("20 03 01 87 00"),
           ReasonCode::kProtocolError},
          {"v3 layout", Hex("20 02 00 00"), malformed},
          {"property of PUBLISH", Hex("20 05 00 00 02 01 01"), malformed},
          {"maximum QoS 2", Hex("20 05 00 00 02 24 02"),
           ReasonCode::kProtocolError},
      });
  ExpectRefused(ParserOf(ParseConnack, kV311),
                {
                    {"reserved flag", Hex("20 02 80 00"), malformed},
                    {"refusal with session present", Hex("20 02 01 05"),
                     ReasonCode::kProtocolError},
                    {"v5 layout", Hex("20 03 00 00 00"), malformed},
                });
}

}  // namespace
}  // namespace sluice::mqtt
