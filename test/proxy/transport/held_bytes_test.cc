#include "proxy/transport/held_bytes.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace sluice::transport {
namespace {

std::string Text(const HeldBytes& bytes) {
  return std::string(AsString(bytes.view()));
}

TEST(HeldBytesTest, HoldsWhatWasAppended) {
  HeldBytes bytes;
  EXPECT_EQ(bytes.size(), 0u);
  EXPECT_TRUE(bytes.view().empty());
  bytes.Append({});
  EXPECT_EQ(Text(bytes), "");
  bytes.Append(AsBytes("abc"));
  bytes.Append(AsBytes("d"));
  EXPECT_EQ(Text(bytes), "abcd");
}

TEST(HeldBytesTest, GrowsToMegabytes) {
  HeldBytes bytes;
  std::string expected;
  for (int i = 0; i < 100; ++i) {
    const std::string piece(65536, static_cast<char>('a' + i % 26));
    bytes.Append(AsBytes(piece));
    expected += piece;
  }
  EXPECT_EQ(AsString(bytes.view()), expected);
}

TEST(HeldBytesTest, KeepsTheLast) {
  HeldBytes bytes;
  bytes.Append(AsBytes("abcdef"));
  bytes.KeepLast(2);
  EXPECT_EQ(Text(bytes), "ef");
  bytes.Append(AsBytes("g"));
  EXPECT_EQ(Text(bytes), "efg");
  bytes.KeepLast(0);
  EXPECT_EQ(bytes.view().data(), nullptr);
}

TEST(HeldBytesTest, MovesAndLeavesNothing) {
  HeldBytes from;
  from.Append(AsBytes("abc"));
  HeldBytes to(std::move(from));
  EXPECT_EQ(Text(to), "abc");
  from = HeldBytes();
  from.Append(AsBytes("new"));
  to = std::move(from);
  EXPECT_EQ(Text(to), "new");
}

}  // namespace
}  // namespace sluice::transport
