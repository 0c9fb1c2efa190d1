#include "proxy/mqtt/puback.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"
#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2, EDGE-3, EDGE-4

namespace sluice::mqtt {
namespace {

// The four first bytes: PUBACK, PUBREC, PUBREL, PUBCOMP.
constexpr absl::string_view kFirstBytes[] = {"40", "50", "62", "70"};

std::string PacketOf(absl::string_view first, absl::string_view body) {
  const std::string bytes = Hex(body);
  return Hex(first) + static_cast<char>(bytes.size()) + bytes;
}

TEST(PubackTest, ReadsAllFormsOfV5) {
  for (const absl::string_view first : kFirstBytes) {
    SCOPED_TRACE(first);
    const std::string full = PacketOf(first,
                                      "1234"                     // identifier
                                      "92"                       // code
                                      "07 26 0001 61 0001 62");  // a: b
    const std::string with_code = PacketOf(first, "1234 92");
    const std::string bare = PacketOf(first, "1234");
    const std::string success = PacketOf(first, "1234 00 00");
    const bool release = first == "62" || first == "70";
    if (release) {
      const auto puback = ParsePuback(FrameOf(full), kV5);
      ASSERT_TRUE(puback.ok()) << puback.status();
      EXPECT_EQ(puback->packet_id, 0x1234);
      EXPECT_EQ(puback->code, 0x92);
      EXPECT_EQ(puback->properties.bytes().size(), 7u);
      ExpectStrict(ParserOf(ParsePuback, kV5), full, {2, 3});
      ExpectStrict(ParserOf(ParsePuback, kV5), with_code, {2});
    }
    const auto puback = ParsePuback(FrameOf(bare), kV5);
    ASSERT_TRUE(puback.ok()) << puback.status();
    EXPECT_EQ(puback->code, 0);
    EXPECT_TRUE(puback->properties.empty());
    ExpectStrict(ParserOf(ParsePuback, kV5), bare);
    ExpectStrict(ParserOf(ParsePuback, kV5), success, {2, 3});
  }
}

TEST(PubackTest, ReadsV311) {
  for (const absl::string_view first : kFirstBytes) {
    const std::string packet = PacketOf(first, "ffff");
    const auto puback = ParsePuback(FrameOf(packet), kV311);
    ASSERT_TRUE(puback.ok()) << puback.status();
    EXPECT_EQ(puback->packet_id, 0xffff);
    EXPECT_EQ(puback->code, 0);
    ExpectStrict(ParserOf(ParsePuback, kV311), packet);
    EXPECT_EQ(Refusal(ParserOf(ParsePuback, kV311), PacketOf(first, "0001 00")),
              ReasonCode::kMalformedPacket);
  }
}

TEST(PubackTest, TakesItsOwnCodesOnly) {
  const std::set<int> publish_codes = {0x00, 0x10, 0x80, 0x83, 0x87,
                                       0x90, 0x91, 0x97, 0x99};
  const std::set<int> release_codes = {0x00, 0x92};
  for (const absl::string_view first : kFirstBytes) {
    const bool release = first == "62" || first == "70";
    const std::set<int>& codes = release ? release_codes : publish_codes;
    for (int code = 0; code < 256; ++code) {
      std::string packet = PacketOf(first, "0001 00");
      packet.back() = static_cast<char>(code);
      const absl::optional<ReasonCode> refusal =
          Refusal(ParserOf(ParsePuback, kV5), packet);
      if (codes.count(code) != 0) {
        EXPECT_EQ(refusal, absl::nullopt) << first << " " << code;
      } else {
        EXPECT_EQ(refusal, ReasonCode::kProtocolError) << first << " " << code;
      }
    }
  }
}

TEST(PubackTest, RefusesInBothVersions) {
  const ReasonCode malformed = ReasonCode::kMalformedPacket;
  for (const ProtocolVersion version : {kV311, kV5}) {
    ExpectRefused(ParserOf(ParsePuback, version),
                  {
                      {"flags of PUBACK", Hex("42 02 0001"), malformed},
                      {"flags of PUBREC", Hex("52 02 0001"), malformed},
                      {"flags of PUBREL", Hex("60 02 0001"), malformed},
                      {"flags of PUBREL", Hex("6a 02 0001"), malformed},
                      {"flags of PUBCOMP", Hex("72 02 0001"), malformed},
                      {"packet identifier 0", Hex("40 02 0000"), malformed},
                      {"empty", Hex("40 00"), malformed},
                  });
  }
}

TEST(PubackTest, RefusesV5) {
  ExpectRefused(
      ParserOf(ParsePuback, kV5),
      {
          {"properties are cut off", Hex("40 04 0001 00 05"),
           ReasonCode::kMalformedPacket},
          {"bytes behind the properties", Hex("40 05 0001 00 00 00"),
           ReasonCode::kMalformedPacket},
          {"two reason strings", Hex("40 0a 0001 00 06 1f0000 1f0000"),
           ReasonCode::kProtocolError},
          {"property of PUBLISH", Hex("40 07 0001 00 03 230001"),
           ReasonCode::kMalformedPacket},
      });
}

}  // namespace
}  // namespace sluice::mqtt
