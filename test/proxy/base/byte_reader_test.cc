#include "proxy/base/byte_reader.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "proxy/base/bytes.h"

namespace sluice {
namespace {

TEST(ByteReaderTest, ReadsInNetworkOrder) {
  const std::vector<uint8_t> bytes = {0x01, 0x02, 0x03, 0xff, 0xfe, 0xfd,
                                      0xfc, 0x00, 0x02, 'h',  'i',  'x'};
  ByteReader reader(bytes);
  uint8_t u8;
  uint16_t u16;
  uint32_t u32;
  ByteView view;
  ASSERT_TRUE(reader.ReadU8(&u8));
  EXPECT_EQ(u8, 0x01);
  ASSERT_TRUE(reader.ReadU16(&u16));
  EXPECT_EQ(u16, 0x0203);
  ASSERT_TRUE(reader.ReadU32(&u32));
  EXPECT_EQ(u32, 0xfffefdfcu);
  ASSERT_TRUE(reader.ReadU16Prefixed(&view));
  EXPECT_EQ(AsString(view), "hi");
  EXPECT_EQ(AsString(reader.rest()), "x");
  ASSERT_TRUE(reader.ReadBytes(1, &view));
  EXPECT_EQ(AsString(view), "x");
  EXPECT_TRUE(reader.empty());
}

TEST(ByteReaderTest, DoesNotMoveWhenTooFewAreLeft) {
  const std::vector<uint8_t> bytes = {0x00, 0x02, 'h'};
  ByteReader reader(bytes);
  uint32_t u32 = 7;
  ByteView view;
  EXPECT_FALSE(reader.ReadU32(&u32));
  EXPECT_EQ(u32, 7u);
  EXPECT_FALSE(reader.ReadBytes(4, &view));
  EXPECT_FALSE(reader.ReadBytes(SIZE_MAX, &view));
  EXPECT_FALSE(reader.ReadU16Prefixed(&view));
  EXPECT_EQ(view.data(), nullptr);
  EXPECT_EQ(reader.size(), 3u);
  EXPECT_EQ(reader.position(), bytes.data());
}

TEST(ByteReaderTest, OfNothing) {
  ByteReader reader{ByteView()};
  EXPECT_TRUE(reader.empty());
  uint8_t u8;
  uint16_t u16;
  ByteView view;
  EXPECT_FALSE(reader.ReadU8(&u8));
  EXPECT_FALSE(reader.ReadU16(&u16));
  EXPECT_FALSE(reader.ReadU16Prefixed(&view));
  EXPECT_TRUE(reader.ReadBytes(0, &view));
  EXPECT_TRUE(view.empty());
}

}  // namespace
}  // namespace sluice
