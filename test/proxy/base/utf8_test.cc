#include "proxy/base/utf8.h"

#include "gtest/gtest.h"

namespace sluice {
namespace {

// JsonStringTest has what is not well-formed.
TEST(Utf8Test, DecodesTheFirstCharacter) {
  const auto expect = [](absl::string_view text, char32_t character,
                         size_t length) {
    const Utf8Character decoded = DecodeUtf8(text);
    EXPECT_EQ(decoded.character, character) << text;
    EXPECT_EQ(decoded.length, length) << text;
  };
  expect("ab", 'a', 1);
  expect("\u009bb", 0x9B, 2);
  expect("\u202eb", 0x202E, 3);
  expect("\U0010FFFFb", 0x10FFFF, 4);
  expect("\x9b", 0, 0);
  expect("\xe2\x80", 0, 0);
}

TEST(Utf8Test, ChecksAllOfAText) {
  EXPECT_TRUE(IsUtf8(""));
  EXPECT_TRUE(IsUtf8("a\u00e9\u20ac\U0001F600"));
  EXPECT_FALSE(IsUtf8("a\xff"));
  EXPECT_FALSE(IsUtf8("\xff\u00e9"));
  EXPECT_FALSE(IsUtf8("a\xe2\x82"));
}

TEST(Utf8Test, KnowsWhatSteersATerminal) {
  for (const char32_t c : {0x00, 0x0A, 0x1B, 0x1F, 0x7F, 0x80, 0x9B, 0x9F,
                           0x2028, 0x202E, 0x2066, 0x2069}) {
    EXPECT_TRUE(SteersTerminal(c)) << static_cast<uint32_t>(c);
  }
  for (const char32_t c :
       {0x20, 0x7E, 0xA0, 0xE9, 0x2027, 0x202F, 0x2065, 0x206A, 0x1F600}) {
    EXPECT_FALSE(SteersTerminal(c)) << static_cast<uint32_t>(c);
  }
}

}  // namespace
}  // namespace sluice
