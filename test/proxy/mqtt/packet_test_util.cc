#include "test/proxy/mqtt/packet_test_util.h"

#include <gtest/gtest.h>

#include <cstdint>

#include "absl/strings/escaping.h"
#include "absl/strings/str_replace.h"

namespace sluice::mqtt {
namespace {

constexpr size_t kNoLimit = 268435460;

// Frames that parse `body` at its exact size on the heap, so that a sanitizer
// sees any read behind it.
absl::Status ParseBody(const Parser& parse, const Frame& like, ByteView body) {
  const std::vector<uint8_t> exact(body.begin(), body.end());
  Frame frame = like;
  frame.body = ByteView(exact);
  frame.whole = frame.body;
  return parse(frame);
}

void ExpectFramed(const std::string& packet) {
  const ByteView bytes = AsBytes(packet);
  bool header_complete = false;
  for (size_t size = 0; size < bytes.size(); ++size) {
    const std::vector<uint8_t> part(bytes.begin(), bytes.begin() + size);
    const UnframeResult result = Unframe(part, kNoLimit);
    ASSERT_EQ(result.kind, UnframeResult::Kind::kNeedMore) << size;
    if (result.need != 0) header_complete = true;
    ASSERT_EQ(result.need, header_complete ? bytes.size() : 0) << size;
  }
  const std::string twice = packet + packet;
  const UnframeResult first = Unframe(AsBytes(twice), kNoLimit);
  ASSERT_EQ(first.kind, UnframeResult::Kind::kFrame);
  EXPECT_EQ(AsString(first.frame.whole), packet);
  const UnframeResult second =
      Unframe(AsBytes(twice).subspan(packet.size()), kNoLimit);
  ASSERT_EQ(second.kind, UnframeResult::Kind::kFrame);
  EXPECT_EQ(AsString(second.frame.whole), packet);
}

}  // namespace

std::string Hex(absl::string_view digits) {
  return absl::HexStringToBytes(
      absl::StrReplaceAll(digits, {{" ", ""}, {"\n", ""}}));
}

Frame FrameOf(const std::string& packet) {
  const UnframeResult result = Unframe(AsBytes(packet), kNoLimit);
  EXPECT_EQ(result.kind, UnframeResult::Kind::kFrame);
  if (result.kind != UnframeResult::Kind::kFrame) return Frame{};
  EXPECT_EQ(result.frame.whole.size(), packet.size());
  return result.frame;
}

absl::optional<ReasonCode> Refusal(const Parser& parse,
                                   const std::string& packet) {
  const absl::Status status = parse(FrameOf(packet));
  if (status.ok()) return absl::nullopt;
  return ReasonCodeOf(status);
}

void ExpectRefused(const Parser& parse, const std::vector<BadPacket>& packets) {
  for (const BadPacket& bad : packets) {
    SCOPED_TRACE(bad.what);
    EXPECT_EQ(Refusal(parse, bad.packet), bad.reason);
  }
}

void ExpectStrict(const Parser& parse, const std::string& packet,
                  const std::set<size_t>& valid_lengths, bool open_ended) {
  SCOPED_TRACE(absl::BytesToHexString(packet));
  ExpectFramed(packet);
  const Frame frame = FrameOf(packet);
  const absl::Status whole = ParseBody(parse, frame, frame.body);
  EXPECT_TRUE(whole.ok()) << whole;
  for (size_t size = 0; size < frame.body.size(); ++size) {
    const absl::Status cut = ParseBody(parse, frame, frame.body.first(size));
    EXPECT_EQ(cut.ok(), valid_lengths.count(size) != 0) << size << ": " << cut;
  }
  const std::string longer = std::string(AsString(frame.body)) + '\xff';
  EXPECT_EQ(ParseBody(parse, frame, AsBytes(longer)).ok(), open_ended);
}

}  // namespace sluice::mqtt
