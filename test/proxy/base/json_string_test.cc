#include "proxy/base/json_string.h"

#include <string>

#include "gtest/gtest.h"

namespace sluice {
namespace {

std::string Json(absl::string_view text) {
  std::string out = ">";
  AppendJsonString(text, &out);
  return out.substr(1);
}

TEST(JsonStringTest, KeepsOrdinaryText) {
  EXPECT_EQ(Json(""), "\"\"");
  EXPECT_EQ(Json("a/b #+"), "\"a/b #+\"");
  EXPECT_EQ(Json("gr\u00fc\u00df \u20ac \U0001F600"),
            "\"gr\u00fc\u00df \u20ac \U0001F600\"");
}

TEST(JsonStringTest, EscapesWhatJsonReserves) {
  EXPECT_EQ(Json("say \"hi\" \\o/"), "\"say \\\"hi\\\" \\\\o/\"");
  EXPECT_EQ(Json(absl::string_view("\0\x1f\r\n\t", 5)),
            "\"\\u0000\\u001f\\u000d\\n\\u0009\"");
}

TEST(JsonStringTest, EscapesWhatSteersATerminal) {
  EXPECT_EQ(Json("\x1b[2J\x7f"), "\"\\u001b[2J\\u007f\"");
  EXPECT_EQ(Json("\u009b31m"), "\"\\u009b31m\"");
  EXPECT_EQ(Json("\u2028\u202e\u2069"), "\"\\u2028\\u202e\\u2069\"");
}

TEST(JsonStringTest, ReplacesIllFormedUtf8) {
  EXPECT_EQ(Json("a\xff\x62"), "\"a\ufffdb\"");
  EXPECT_EQ(Json("\xc0\xaf"), "\"\ufffd\ufffd\"");            // overlong '/'
  EXPECT_EQ(Json("\xe0\x80\xaf"), "\"\ufffd\ufffd\ufffd\"");  // overlong
  EXPECT_EQ(Json("\xed\xa0\x80"), "\"\ufffd\ufffd\ufffd\"");  // surrogate
  EXPECT_EQ(Json("\xf4\x90\x80\x80"),
            "\"\ufffd\ufffd\ufffd\ufffd\"");        // beyond U+10FFFF
  EXPECT_EQ(Json("\xe2\x82"), "\"\ufffd\ufffd\"");  // cut short
  EXPECT_EQ(Json("\xe2\x82\""), "\"\ufffd\ufffd\\\"\"");
  EXPECT_EQ(Json("\x80"), "\"\ufffd\"");
}

}  // namespace
}  // namespace sluice
