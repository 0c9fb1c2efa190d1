#include "policy/ace/json.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace sluice::ace {
namespace {

TEST(JsonTest, BuildsWhatTheTextSays) {
  const std::string text =
      R"({"a":[1,-2,3.5,"x",true,null,[],{}],"b":{"c":{"d":[[1],[2]]}}})";
  const absl::StatusOr<Json> value = ParseJson(text);
  ASSERT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->dump(), text);
}

TEST(JsonTest, ReadsScalars) {
  EXPECT_EQ(*ParseJson(" 7 "), 7);
  EXPECT_EQ(*ParseJson(R"("\u00e4")"), "\xc3\xa4");
  EXPECT_TRUE(ParseJson("null")->is_null());
}

TEST(JsonTest, RefusesWhatIsNotOneValue) {
  for (const absl::string_view text : {"",
                                       " ",
                                       "{",
                                       "[1",
                                       "{}{}",
                                       "{} x",
                                       "[1,]",
                                       "{\"a\":1,}",
                                       "{a:1}",
                                       "'a'",
                                       "nul",
                                       "01",
                                       "+1",
                                       ".5",
                                       "1.",
                                       "NaN",
                                       "1e999",
                                       "-1e999",
                                       "\"\\x\"",
                                       "\"\xff\"",
                                       "\"\xed\xa0\x80\"",
                                       "\"\\ud800\"",
                                       "\"\n\"",
                                       "/**/1",
                                       "// 1",
                                       "\xef\xbb\xbf{}"}) {
    EXPECT_FALSE(ParseJson(text).ok()) << text;
  }
}

TEST(JsonTest, RefusesAMemberNameTwice) {
  for (const absl::string_view text :
       {R"({"a":1,"a":1})", R"({"a":1,"\u0061":2})", R"([{"x":{"a":1,"a":2}}])",
        R"({"a":{"b":1},"a":{"c":1}})"}) {
    const absl::Status status = ParseJson(text).status();
    EXPECT_EQ(status.message(), "an object has a member twice") << text;
  }
  EXPECT_TRUE(ParseJson(R"([{"a":1},{"a":2},{"a":{"a":3}}])").ok());
}

TEST(JsonTest, BoundsDepth) {
  const std::string deepest = absl::StrCat(std::string(kMaxJsonDepth, '['),
                                           std::string(kMaxJsonDepth, ']'));
  EXPECT_TRUE(ParseJson(deepest).ok());
  EXPECT_FALSE(ParseJson(absl::StrCat("[", deepest, "]")).ok());
  EXPECT_FALSE(ParseJson(std::string(100000, '[')).ok());
}

TEST(JsonTest, BoundsSize) {
  const std::string blanks(kMaxJsonBytes - 1, ' ');
  EXPECT_TRUE(ParseJson(absl::StrCat(blanks, "1")).ok());
  EXPECT_FALSE(ParseJson(absl::StrCat(blanks, "12")).ok());
}

TEST(JsonTest, MessagesHoldNothingOfTheText) {
  for (const absl::string_view text :
       {R"({"s3cret" s3cret})", R"(["s3cret)", R"({"s3cret":1,"s3cret":2})"}) {
    const absl::Status status = ParseJson(text).status();
    EXPECT_FALSE(absl::StrContains(status.message(), "s3cret")) << status;
  }
}

TEST(JsonTest, FindsMembers) {
  const Json object = *ParseJsonObject(R"({"a":"x","b":1})");
  EXPECT_EQ(*AsText(FindMember(object, "a")), "x");
  EXPECT_EQ(AsText(FindMember(object, "b")), nullptr);
  EXPECT_EQ(FindMember(object, "c"), nullptr);
  EXPECT_EQ(AsText(nullptr), nullptr);
  EXPECT_FALSE(ParseJsonObject("[]").ok());
}

TEST(JsonTest, CleansesStringsAtAnyDepth) {
  Json value = *ParseJson(R"({"a":["xy",{"b":"z"}],"c":1})");
  CleanseStrings(value);
  const auto zeros = [](size_t size) { return std::string(size, '\0'); };
  EXPECT_EQ(value["a"][0], zeros(2));
  EXPECT_EQ(value["a"][1]["b"], zeros(1));
  EXPECT_EQ(value["c"], 1);
}

}  // namespace
}  // namespace sluice::ace
