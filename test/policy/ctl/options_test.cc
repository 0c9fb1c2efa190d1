#include "policy/ctl/options.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::ctl {
namespace {

constexpr OptionSpec kSpecs[] = {
    {"must", "VALUE", true, "required"},
    {"may", "VALUE", false, "optional"},
    {"flag", "", false, "without a value"},
    {"many", "VALUE", false, "optional", true},
    {"path", "FILE", false, "optional"},
};

absl::StatusOr<Options> Parse(std::vector<absl::string_view> arguments) {
  return Options::Parse(kSpecs, {}, arguments);
}

constexpr ArgumentSpec kArguments[] = {
    {"FIRST", true, "required"},
    {"SECOND", false, "optional"},
};

absl::StatusOr<Options> ParseWithArguments(
    std::vector<absl::string_view> arguments) {
  return Options::Parse({}, kArguments, arguments);
}

TEST(OptionsTest, ReadsBothForms) {
  const absl::StatusOr<Options> options =
      Parse({"--must", "-5m", "--may=a=b--c"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->Get("must"), "-5m");
  EXPECT_EQ(options->Find("may"), "a=b--c");
}

TEST(OptionsTest, ReadsFlagsAndLists) {
  const absl::StatusOr<Options> options =
      Parse({"--many", "b", "--flag", "--must=x", "--many=a"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_TRUE(options->Has("flag"));
  EXPECT_FALSE(options->Has("may"));
  EXPECT_EQ(options->FindAll("many"), (std::vector<std::string>{"b", "a"}));
  EXPECT_EQ(options->Find("many"), "b");
  EXPECT_TRUE(options->FindAll("may").empty());
}

TEST(OptionsTest, TellsWhatIsAbsent) {
  const absl::StatusOr<Options> options = Parse({"--must=x"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->Find("may"), std::nullopt);
  EXPECT_EQ(options->Get("may"), "");
}

struct ErrorCase {
  std::vector<absl::string_view> arguments;
  absl::string_view message;
};

TEST(OptionsTest, RefusesAnythingElse) {
  for (const ErrorCase& test : std::vector<ErrorCase>{
           {{}, "--must is missing"},
           {{"--may=x"}, "--must is missing"},
           {{"--must"}, "--must needs a value"},
           {{"--must", "--may"}, "--must needs a value"},
           {{"--must="}, "--must has an empty value"},
           {{"--must=x", "--may", ""}, "--may has an empty value"},
           {{"--must=x", "--many=a", "--many", ""},
            "--many has an empty value"},
           {{"--must=a\xff"}, "--must is not UTF-8"},
           {{"--must=x", "--many=\u00e9", "--many", "\xc3"},
            "--many is not UTF-8"},
           {{"--must=x", "--must", "y"}, "--must is given twice"},
           {{"--must=x", "--flag", "--flag"}, "--flag is given twice"},
           {{"--must=x", "--flag="}, "--flag takes no value"},
           {{"--must=x", "--flag", "y"}, "unexpected argument \"y\""},
           {{"--other=x"}, "unknown option --other"},
           {{"--mus=x"}, "unknown option --mus"},
           {{"--"}, "unknown option --"},
           {{"-m"}, "unexpected argument \"-m\""},
           {{"--must=x", "y"}, "unexpected argument \"y\""},
       }) {
    const absl::Status status = Parse(test.arguments).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_EQ(status.message(), test.message);
  }
}

TEST(OptionsTest, TakesArgumentsBesideOptions) {
  const absl::StatusOr<Options> options =
      Options::Parse(kSpecs, kArguments, {"a", "--must", "x", "b", "--may=y"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->arguments(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(options->Get("must"), "x");
  EXPECT_EQ(ParseWithArguments({"a"})->arguments(),
            std::vector<std::string>{"a"});
}

// A key's thumbprint may begin with one dash or two.
TEST(OptionsTest, AnArgumentMayBeginWithDashes) {
  EXPECT_EQ(ParseWithArguments({"-a"})->arguments(),
            std::vector<std::string>{"-a"});
  EXPECT_EQ(ParseWithArguments({"--", "--a", "--"})->arguments(),
            (std::vector<std::string>{"--a", "--"}));
  EXPECT_EQ(ParseWithArguments({"--a"}).status().message(),
            "unknown option --a");
}

TEST(OptionsTest, ArgumentsAreText) {
  EXPECT_EQ(ParseWithArguments({"a\u00e9"})->arguments(),
            std::vector<std::string>{"a\u00e9"});
  for (const ErrorCase& test :
       std::vector<ErrorCase>{{{""}, "FIRST is empty"},
                              {{"a", ""}, "SECOND is empty"},
                              {{"a\xff"}, "FIRST is not UTF-8"},
                              {{"a", "--", "\xff"}, "SECOND is not UTF-8"}}) {
    const absl::Status status = ParseWithArguments(test.arguments).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status));
    EXPECT_EQ(status.message(), test.message);
  }
}

// A file may be called anything.
TEST(OptionsTest, PathsNeedNotBeText) {
  const absl::StatusOr<Options> options = Parse({"--must=x", "--path=\xff"});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->Get("path"), "\xff");
}

TEST(OptionsTest, CountsArguments) {
  EXPECT_EQ(ParseWithArguments({}).status().message(), "FIRST is missing");
  EXPECT_EQ(ParseWithArguments({"a", "b", "c"}).status().message(),
            "unexpected argument \"c\"");
}

TEST(OptionsTest, ReadsNumbers) {
  const auto read = [](absl::string_view value, uint64_t max) {
    return ReadNumber(*Parse({"--must", value}), "must", max);
  };
  EXPECT_EQ(*read("0", 0), 0u);
  EXPECT_EQ(*read("007", 7), 7u);
  EXPECT_EQ(*read("18446744073709551615", UINT64_MAX), UINT64_MAX);
  EXPECT_EQ(*ReadNumber(*Parse({"--must=x"}), "may", 7), std::nullopt);
  for (const absl::string_view value :
       {"8", "+5", "-1", " 5", "5 ", "0x5", "five", "18446744073709551616"}) {
    const absl::Status status = read(value, 7).status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << value;
    EXPECT_EQ(status.message(), "--must is no number from 0 to 7");
  }
}

}  // namespace
}  // namespace sluice::ctl
