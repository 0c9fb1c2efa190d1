#include "proxy/mqtt/auth.h"

#include <gtest/gtest.h>

#include <string>

#include "proxy/base/bytes.h"
#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2, EDGE-3, EDGE-4

namespace sluice::mqtt {
namespace {

absl::Status Parse(const Frame& frame) { return ParseAuth(frame).status(); }

TEST(AuthTest, ReadsMethodAndData) {
  const std::string packet =
      Hex("f0 0d"
          "18"              // continue authentication
          "0b"              // property length
          "15 0003 616365"  // method "ace"
          "16 0002 fffe");  // data
  const auto auth = ParseAuth(FrameOf(packet));
  ASSERT_TRUE(auth.ok()) << auth.status();
  EXPECT_EQ(auth->code, 0x18);
  Property data;
  ASSERT_TRUE(auth->properties.Find(PropertyId::kAuthenticationData, &data));
  EXPECT_EQ(AsString(data.data), Hex("fffe"));
  ExpectStrict(Parse, packet, {0});
}

TEST(AuthTest, ReadsTheShortForm) {
  const auto auth = ParseAuth(FrameOf(Hex("f0 00")));
  ASSERT_TRUE(auth.ok()) << auth.status();
  EXPECT_EQ(auth->code, 0);
  EXPECT_TRUE(auth->properties.empty());
  ExpectStrict(Parse, Hex("f0 00"));
}

TEST(AuthTest, TakesItsOwnCodesOnly) {
  for (int code = 0; code < 256; ++code) {
    std::string packet = Hex("f0 06 00 04 15 0001 61");
    packet[2] = static_cast<char>(code);
    const absl::optional<ReasonCode> refusal = Refusal(Parse, packet);
    if (code == 0x00 || code == 0x18 || code == 0x19) {
      EXPECT_EQ(refusal, absl::nullopt) << code;
    } else {
      EXPECT_EQ(refusal, ReasonCode::kProtocolError) << code;
    }
  }
}

TEST(AuthTest, Refuses) {
  ExpectRefused(
      Parse, {
                 {"flags", Hex("f1 00"), ReasonCode::kMalformedPacket},
                 {"code without properties", Hex("f0 01 18"),
                  ReasonCode::kMalformedPacket},
                 {"no method", Hex("f0 02 18 00"), ReasonCode::kProtocolError},
                 {"success without method", Hex("f0 02 00 00"),
                  ReasonCode::kProtocolError},
                 {"data without method", Hex("f0 06 18 04 16 0001 61"),
                  ReasonCode::kProtocolError},
                 {"two methods", Hex("f0 0a 18 08 15000161 15000161"),
                  ReasonCode::kProtocolError},
                 {"bytes behind the properties", Hex("f0 07 18 04 15000161 00"),
                  ReasonCode::kMalformedPacket},
             });
}

}  // namespace
}  // namespace sluice::mqtt
