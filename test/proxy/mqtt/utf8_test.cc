#include "proxy/mqtt/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "test/proxy/mqtt/packet_test_util.h"

// covers: EDGE-2

namespace sluice::mqtt {
namespace {

TEST(Utf8Test, TakesTheEdgesOfEveryRange) {
  for (const auto digits : {
           "",
           "01",                        // U+0001
           "7f",                        // U+007F
           "c280",                      // U+0080
           "dfbf",                      // U+07FF
           "e0a080",                    // U+0800
           "ed9fbf",                    // U+D7FF, last before the surrogates
           "ee8080",                    // U+E000, first behind them
           "efbbbf",                    // U+FEFF, kept as it is
           "efbfbf",                    // U+FFFF, a non-character
           "f0908080",                  // U+10000
           "f48fbfbf",                  // U+10FFFF
           "6161616161616161c3a46161",  // behind eight bytes of ASCII
       }) {
    EXPECT_TRUE(IsValidUtf8(Hex(digits))) << digits;
  }
}

TEST(Utf8Test, RefusesWhatIsIllFormed) {
  for (const auto digits : {
           "00",        // U+0000
           "6100",      //
           "80",        // a continuation alone
           "bf",        //
           "c080",      // overlong U+0000
           "c1bf",      // overlong U+007F
           "e09fbf",    // overlong U+07FF
           "f08fbfbf",  // overlong U+FFFF
           "eda080",    // U+D800
           "edbfbf",    // U+DFFF
           "f4908080",  // U+110000
           "f5808080",  //
           "ff",        //
           "c3",        // cut off
           "e282",      //
           "f09f98",    //
           "c361",      // no continuation
           "e2826161",  //
           "f09f9861",  //
           "61616161616161610061616161616161",
           "616161616161616180",
       }) {
    EXPECT_FALSE(IsValidUtf8(Hex(digits))) << digits;
  }
}

TEST(Utf8Test, IsAtMost65535BytesLong) {
  EXPECT_TRUE(IsValidUtf8(std::string(65535, 'x')));
  EXPECT_FALSE(IsValidUtf8(std::string(65536, 'x')));
}

TEST(Utf8Test, FindsWildcardsAtEveryPosition) {
  for (size_t size = 1; size <= 20; ++size) {
    for (size_t i = 0; i < size; ++i) {
      for (int c = 1; c < 0x80; ++c) {
        std::string text(size, 'x');
        text[i] = static_cast<char>(c);
        const Utf8Scan scan = ScanUtf8(text);
        ASSERT_TRUE(scan.valid) << size << " " << i << " " << c;
        ASSERT_EQ(scan.has_wildcard, c == '+' || c == '#')
            << size << " " << i << " " << c;
      }
    }
  }
}

TEST(Utf8Test, FindsBadBytesAtEveryPosition) {
  for (size_t size = 1; size <= 20; ++size) {
    for (size_t i = 0; i < size; ++i) {
      for (const int c : {0x00, 0x80, 0xc0, 0xc3, 0xff}) {
        std::string text(size, 'x');
        text[i] = static_cast<char>(c);
        ASSERT_FALSE(IsValidUtf8(text)) << size << " " << i << " " << c;
      }
    }
  }
}

// Encodes any number of up to 21 bits, surrogates included.
std::string Encode(uint32_t code_point) {
  const auto tail = [code_point](int shift) {
    return static_cast<char>(0x80 | ((code_point >> shift) & 0x3f));
  };
  const auto lead = [code_point](int marker, int shift) {
    return static_cast<char>(marker | code_point >> shift);
  };
  if (code_point < 0x80) return {static_cast<char>(code_point)};
  if (code_point < 0x800) return {lead(0xc0, 6), tail(0)};
  if (code_point < 0x10000) return {lead(0xe0, 12), tail(6), tail(0)};
  return {lead(0xf0, 18), tail(12), tail(6), tail(0)};
}

TEST(Utf8Test, KnowsEveryCodePoint) {
  for (uint32_t code_point = 0; code_point < 0x140000; ++code_point) {
    const bool surrogate = code_point >= 0xd800 && code_point < 0xe000;
    ASSERT_EQ(IsValidUtf8(Encode(code_point)),
              code_point != 0 && code_point < 0x110000 && !surrogate)
        << code_point;
  }
}

}  // namespace
}  // namespace sluice::mqtt
