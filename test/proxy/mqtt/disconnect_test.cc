#include "proxy/mqtt/disconnect.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2, EDGE-3, EDGE-4

namespace sluice::mqtt {
namespace {

TEST(DisconnectTest, ReadsAllFormsOfV5) {
  const std::string full =
      Hex("e0 07"
          "04"                // with Will
          "05 11 00000000");  // session expiry 0
  const auto disconnect = ParseDisconnect(FrameOf(full), kV5);
  ASSERT_TRUE(disconnect.ok()) << disconnect.status();
  EXPECT_EQ(disconnect->code, 0x04);
  EXPECT_EQ(disconnect->properties.bytes().size(), 5u);
  const Parser parse = ParserOf(ParseDisconnect, kV5);
  ExpectStrict(parse, full, {0, 1});
  ExpectStrict(parse, Hex("e0 02 00 00"), {0, 1});
  ExpectStrict(parse, Hex("e0 01 87"), {0});
  ExpectStrict(parse, Hex("e0 00"));
  const auto bare = ParseDisconnect(FrameOf(Hex("e0 00")), kV5);
  ASSERT_TRUE(bare.ok()) << bare.status();
  EXPECT_EQ(bare->code, 0);
}

TEST(DisconnectTest, ReadsV311) {
  ExpectStrict(ParserOf(ParseDisconnect, kV311), Hex("e0 00"));
  EXPECT_EQ(Refusal(ParserOf(ParseDisconnect, kV311), Hex("e0 01 00")),
            ReasonCode::kMalformedPacket);
  EXPECT_EQ(Refusal(ParserOf(ParseDisconnect, kV311), Hex("e1 00")),
            ReasonCode::kMalformedPacket);
}

TEST(DisconnectTest, TakesItsOwnCodesOnly) {
  const std::set<int> codes = {0x00, 0x04, 0x80, 0x81, 0x82, 0x83, 0x87, 0x89,
                               0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x90, 0x93, 0x94,
                               0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c,
                               0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2};
  for (int code = 0; code < 256; ++code) {
    const absl::optional<ReasonCode> refusal = Refusal(
        ParserOf(ParseDisconnect, kV5), Hex("e0 01") + static_cast<char>(code));
    if (codes.count(code) != 0) {
      EXPECT_EQ(refusal, absl::nullopt) << code;
    } else {
      EXPECT_EQ(refusal, ReasonCode::kProtocolError) << code;
    }
  }
}

TEST(DisconnectTest, RefusesV5) {
  ExpectRefused(ParserOf(ParseDisconnect, kV5),
                {
                    {"flags", Hex("e2 00"), ReasonCode::kMalformedPacket},
                    {"properties are cut off", Hex("e0 02 00 01"),
                     ReasonCode::kMalformedPacket},
                    {"property of CONNECT", Hex("e0 05 00 03 210001"),
                     ReasonCode::kMalformedPacket},
                    {"bytes behind the properties", Hex("e0 03 00 00 00"),
                     ReasonCode::kMalformedPacket},
                });
}

}  // namespace
}  // namespace sluice::mqtt
