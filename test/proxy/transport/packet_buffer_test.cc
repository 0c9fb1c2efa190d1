#include "proxy/transport/packet_buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace sluice::transport {
namespace {

class PacketBufferTest : public ::testing::Test {
 protected:
  // One turn: `bytes` arrive, `used` of all that waits are used up. Returns all
  // that waited.
  std::string Turn(absl::string_view bytes, size_t used) {
    const absl::Span<uint8_t> space = buffer_.Prepare(scratch());
    EXPECT_LE(bytes.size(), space.size());
    std::copy(bytes.begin(), bytes.end(), space.begin());
    const ByteView data = buffer_.Commit(scratch(), bytes.size());
    std::string seen(AsString(data));
    in_place_ = data.data() >= memory_.data() &&
                data.data() < memory_.data() + memory_.size();
    buffer_.Consume(data, used);
    // Nothing may rely on the shared buffer between turns.
    std::fill(memory_.begin(), memory_.end(), 0xEE);
    return seen;
  }
  std::string Held() { return std::string(AsString(buffer_.held())); }
  absl::Span<uint8_t> scratch() { return absl::MakeSpan(memory_); }

  std::vector<uint8_t> memory_ =
      std::vector<uint8_t>(PacketBuffer::kMinScratch);
  PacketBuffer buffer_;
  bool in_place_ = false;
};

TEST_F(PacketBufferTest, HoldsNothingWhenAllIsUsed) {
  EXPECT_EQ(Turn("abc", 3), "abc");
  EXPECT_TRUE(in_place_);
  EXPECT_EQ(Held(), "");
}

TEST_F(PacketBufferTest, PutsAShortRestInFront) {
  EXPECT_EQ(Turn("abcde", 3), "abcde");
  EXPECT_EQ(Held(), "de");
  EXPECT_EQ(Turn("fg", 0), "defg");
  EXPECT_TRUE(in_place_);
  EXPECT_EQ(Held(), "defg");
  EXPECT_EQ(Turn("h", 5), "defgh");
  EXPECT_EQ(Held(), "");
}

TEST_F(PacketBufferTest, CollectsALargePacketInSmallPieces) {
  std::string packet;
  for (int i = 0; i < 300; ++i) {
    const std::string piece(1000, static_cast<char>('a' + i % 26));
    packet += piece;
    ASSERT_EQ(Turn(piece, 0), packet);
  }
  EXPECT_FALSE(in_place_);
  EXPECT_EQ(Turn("end", packet.size()), packet + "end");
  EXPECT_EQ(Held(), "end");
  EXPECT_EQ(Turn("!", 4), "end!");
  EXPECT_TRUE(in_place_);
}

TEST_F(PacketBufferTest, LeavesRoomToReadBehindALongRest) {
  const std::string large(PacketBuffer::kMinScratch, 'x');
  EXPECT_EQ(Turn(large, 1), large);
  EXPECT_GE(buffer_.Prepare(scratch()).size(), PacketBuffer::kMinScratch / 2);
  EXPECT_EQ(Turn("y", large.size()), large.substr(1) + "y");
  EXPECT_EQ(Held(), "");
}

TEST_F(PacketBufferTest, OffersHeldBytesAgainWithoutReading) {
  Turn("abcdef", 0);
  buffer_.Consume(buffer_.held(), 2);
  EXPECT_EQ(Held(), "cdef");
  buffer_.Consume(buffer_.held(), 0);
  EXPECT_EQ(Held(), "cdef");
  buffer_.Consume(buffer_.held(), 4);
  EXPECT_EQ(Held(), "");
}

}  // namespace
}  // namespace sluice::transport
