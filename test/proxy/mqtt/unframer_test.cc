#include "proxy/mqtt/unframer.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"
#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-1, EDGE-4

namespace sluice::mqtt {
namespace {

using Kind = UnframeResult::Kind;

constexpr size_t kNoLimit = 268435460;

UnframeResult UnframeHex(absl::string_view digits, size_t limit = kNoLimit) {
  const std::string bytes = Hex(digits);
  return Unframe(AsBytes(bytes), limit);
}

TEST(UnframerTest, TakesTheFirstPacketOff) {
  const std::string bytes =
      Hex("62 02 0001"  // PUBREL 1, flags 2
          "c0 00");     // PINGREQ
  const UnframeResult result = Unframe(AsBytes(bytes), kNoLimit);
  ASSERT_EQ(result.kind, Kind::kFrame);
  EXPECT_EQ(result.frame.type, PacketType::kPubrel);
  EXPECT_EQ(result.frame.flags, 2);
  EXPECT_EQ(AsString(result.frame.whole), bytes.substr(0, 4));
  EXPECT_EQ(AsString(result.frame.body), bytes.substr(2, 2));
}

TEST(UnframerTest, AliasesTheInput) {
  const std::string bytes = Hex("c0 00");
  const UnframeResult result = Unframe(AsBytes(bytes), kNoLimit);
  EXPECT_EQ(AsString(result.frame.whole).data(), bytes.data());
}

TEST(UnframerTest, TellsHowManyBytesTheWholePacketHas) {
  EXPECT_EQ(UnframeHex("").need, 0u);
  EXPECT_EQ(UnframeHex("30").need, 0u);
  EXPECT_EQ(UnframeHex("30 ff").need, 0u);
  EXPECT_EQ(UnframeHex("30 ff ff").need, 0u);
  EXPECT_EQ(UnframeHex("30 ff ff ff").need, 0u);
  EXPECT_EQ(UnframeHex("30 ff ff ff 7f").need, 5u + 268435455u);
  EXPECT_EQ(UnframeHex("30 02").need, 4u);
  EXPECT_EQ(UnframeHex("30 80 01 00").need, 3u + 128u);
  EXPECT_EQ(UnframeHex("30 02 00").kind, Kind::kNeedMore);
}

TEST(UnframerTest, ReadsEveryLengthOfRemainingLength) {
  for (const size_t size : {0, 1, 127, 128, 16383, 16384, 2097151, 2097152}) {
    std::string bytes = "\x30";
    for (size_t rest = size, more = 1; more != 0; rest /= 128) {
      more = rest >= 128 ? 0x80 : 0;
      bytes += static_cast<char>(rest % 128 | more);
    }
    const size_t header = bytes.size();
    bytes.append(size, 'x');
    const UnframeResult result = Unframe(AsBytes(bytes), kNoLimit);
    ASSERT_EQ(result.kind, Kind::kFrame) << size;
    EXPECT_EQ(result.frame.body.size(), size);
    EXPECT_EQ(result.frame.whole.size(), header + size);
  }
}

TEST(UnframerTest, RefusesRemainingLengthOfFiveBytes) {
  for (const auto digits : {"30 ff ff ff ff", "30 80 80 80 80 01"}) {
    const UnframeResult result = UnframeHex(digits);
    ASSERT_EQ(result.kind, Kind::kError) << digits;
    EXPECT_EQ(result.error, ReasonCode::kMalformedPacket);
  }
}

TEST(UnframerTest, RefusesRemainingLengthThatIsNotShortest) {
  for (const auto digits : {"30 80 00", "30 ff 80 00", "30 ff ff 80 00",
                            "c0 80 80 80 00", "30 81 00 61"}) {
    const UnframeResult result = UnframeHex(digits);
    ASSERT_EQ(result.kind, Kind::kError) << digits;
    EXPECT_EQ(result.error, ReasonCode::kMalformedPacket);
  }
}

TEST(UnframerTest, RefusesPacketTypeZeroAtItsFirstByte) {
  for (const auto digits : {"00", "0f", "00 00"}) {
    const UnframeResult result = UnframeHex(digits);
    ASSERT_EQ(result.kind, Kind::kError) << digits;
    EXPECT_EQ(result.error, ReasonCode::kMalformedPacket);
  }
}

TEST(UnframerTest, JudgesTheLimitFromTheFixedHeaderAlone) {
  EXPECT_EQ(UnframeHex("30 02", 4).kind, Kind::kNeedMore);
  const UnframeResult result = UnframeHex("30 03", 4);
  ASSERT_EQ(result.kind, Kind::kError);
  EXPECT_EQ(result.error, ReasonCode::kPacketTooLarge);
  EXPECT_EQ(UnframeHex("30 ff ff ff 7f", 268435455).error,
            ReasonCode::kPacketTooLarge);
}

TEST(UnframerTest, CountsTheFixedHeaderToTheLimit) {
  const std::string bytes = Hex("30 80 01") + std::string(128, 'x');
  EXPECT_EQ(Unframe(AsBytes(bytes), 131).kind, Kind::kFrame);
  EXPECT_EQ(Unframe(AsBytes(bytes), 130).error, ReasonCode::kPacketTooLarge);
}

TEST(UnframerTest, TakesAThousandPacketsFromOneRead) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += Hex("30 04 0001 61 62");
  ByteView rest = AsBytes(bytes);
  int frames = 0;
  for (; !rest.empty(); ++frames) {
    const UnframeResult result = Unframe(rest, kNoLimit);
    ASSERT_EQ(result.kind, Kind::kFrame);
    rest.remove_prefix(result.frame.whole.size());
  }
  EXPECT_EQ(frames, 1000);
}

}  // namespace
}  // namespace sluice::mqtt
