#include "policy/ace/scope.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
#include "proxy/base/bytes.h"

// covers: ACE-SCP-1, ACE-SCP-2

namespace sluice::ace {
namespace {

std::string Encode(absl::string_view json) {
  return Base64UrlEncode(AsBytes(json));
}

TEST(ScopeTest, ReadsPermissions) {
  const Scope expected = {{{"a/+/#", true, true},
                           {"$SYS/x", false, true},
                           {"a/+/#", true, false},
                           {"\xc3\xa4", true, false}}};
  const absl::string_view json =
      "[[\"a/+/#\",[\"pub\",\"sub\"]], [\"$SYS/x\",[\"sub\",\"sub\"]],\n"
      "[\"a/+/#\",[\"pub\"]],[\"\\u00e4\",[\"pub\"]]]";
  EXPECT_EQ(ParseAifScope(Encode(json)).value(), expected);
  EXPECT_EQ(ParseAifScopeJson(json).value(), expected);
}

// As an authorization server writes it.
TEST(ScopeTest, ReadsAnEncodedExample) {
  EXPECT_EQ(
      ParseAifScope("W1sidG9waWMxIixbInB1YiIsInN1YiJdXSxbInRvcGljMi8jIixbInB1Yi"
                    "JdXSxbIisvdG9waWMzIixbInN1YiJdXV0")
          .value(),
      (Scope{{{"topic1", true, true},
              {"topic2/#", true, false},
              {"+/topic3", false, true}}}));
}

TEST(ScopeTest, MayBeEmpty) {
  EXPECT_EQ(ParseAifScope("").value(), Scope());
  EXPECT_EQ(ParseAifScope(Encode("[]")).value(), Scope());
}

class BadScopeTest : public testing::TestWithParam<absl::string_view> {};

TEST_P(BadScopeTest, IsRefused) {
  for (const absl::Status& status : {ParseAifScope(Encode(GetParam())).status(),
                                     ParseAifScopeJson(GetParam()).status()}) {
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << status;
    EXPECT_TRUE(absl::StartsWith(status.message(), "scope")) << status;
  }
}

INSTANTIATE_TEST_SUITE_P(
    ScopeTest, BadScopeTest,
    testing::Values("null", "{}", "7", "\"\"", "\"a/#\"", "[", "[[]]", "[7]",
                    "[\"a\",[\"pub\"]]",            // not nested
                    R"([["a"]])",                   //
                    R"([["a",["pub"],1]])",         //
                    R"([["a","pub"]])",             //
                    R"([["a",[]]])",                // no permission
                    R"([["a",["PUB"]]])",           //
                    R"([["a",["pub","read"]]])",    //
                    R"([["a",["pub",null]]])",      //
                    R"([["a",[1]]])",               //
                    R"([["a",{"pub":1}]])",         //
                    R"([[7,["pub"]]])",             //
                    R"([["",["pub"]]])",            // invalid filters
                    R"([["a#",["pub"]]])",          //
                    R"([["#/a",["pub"]]])",         //
                    R"([["a+",["pub"]]])",          //
                    R"([["a\u0000",["pub"]]])",     //
                    R"([["$share//a",["sub"]]])",   //
                    R"([["$share/g/a",["sub"]]])",  // shared
                    R"([["ok",["pub"]],["a#",["sub"]]])",
                    "[[\"a\",[\"pub\"]]] x"));

TEST(ScopeTest, RefusesOtherEncodings) {
  const std::string encoded = Encode(R"([["a",["pub"]]])");
  ASSERT_TRUE(ParseAifScope(encoded).ok());
  for (const std::string& text :
       {absl::StrCat(encoded, "="), absl::StrCat(encoded, "=="),
        absl::StrCat(" ", encoded), absl::StrCat(encoded, "\n"),
        std::string("="), std::string(" "), std::string(R"([["a",["pub"]]])"),
        std::string("publish_a")}) {
    EXPECT_FALSE(ParseAifScope(text).ok()) << text;
  }
}

TEST(ScopeTest, MessagesNameTheEntryOnly) {
  const absl::Status status =
      ParseAifScopeJson(R"([["a",["pub"]],["s3cret#",["pub"]]])").status();
  EXPECT_EQ(status.message(), "scope entry 1: not a valid topic filter");
}

// covers: ACE-D01-1
TEST(ScopeTest, ReadsTheScopesOfDraft01) {
  EXPECT_EQ(
      ParseDraft01Scope("publish_a/b subscribe_a/# publish_+").value(),
      (Scope{
          {{"a/b", true, false}, {"a/#", false, true}, {"+", true, false}}}));
  EXPECT_EQ(ParseDraft01Scope("").value(), Scope());
  for (const absl::string_view text :
       {" ", "a", "publish_", "publish_a#", "Publish_a", "publish_a ",
        " publish_a", "publish_a  publish_b", "pub_a",
        "subscribe_$share/g/a"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(ParseDraft01Scope(text).status()))
        << text;
  }
}

}  // namespace
}  // namespace sluice::ace
