#include "proxy/base/program_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

#include "proxy/base/version.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProgramOptionsTest : public testing::Test {
 protected:
  ParsedProgramOptions Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "program");
    out_.str("");
    err_.str("");
    return ParseProgramOptions({"sluice-test", "Tests things."},
                               static_cast<int>(arguments.size()),
                               arguments.data(), out_, err_);
  }

  std::ostringstream out_, err_;
};

TEST_F(ProgramOptionsTest, ReadsTheConfigurationInBothForms) {
  for (const auto& arguments : {std::vector<const char*>{"--config", "a.yaml"},
                                std::vector<const char*>{"--config=a.yaml"}}) {
    const ParsedProgramOptions parsed = Parse(arguments);
    ASSERT_TRUE(parsed.options.has_value());
    EXPECT_EQ(parsed.options->config, "a.yaml");
    EXPECT_FALSE(parsed.options->check);
    EXPECT_THAT(out_.str(), IsEmpty());
    EXPECT_THAT(err_.str(), IsEmpty());
  }
}

TEST_F(ProgramOptionsTest, ReadsCheckBeforeAndBehind) {
  EXPECT_TRUE(Parse({"--check", "--config=a"}).options->check);
  EXPECT_TRUE(Parse({"--config=a", "--check"}).options->check);
}

TEST_F(ProgramOptionsTest, PrintsTheVersion) {
  const ParsedProgramOptions parsed = Parse({"--version"});
  EXPECT_FALSE(parsed.options.has_value());
  EXPECT_EQ(parsed.exit_status, kExitSuccess);
  EXPECT_EQ(out_.str(), std::string("sluice-test ") + kVersion + "\n");
}

TEST_F(ProgramOptionsTest, PrintsHelp) {
  const ParsedProgramOptions parsed = Parse({"--config=a", "--help", "junk"});
  EXPECT_FALSE(parsed.options.has_value());
  EXPECT_EQ(parsed.exit_status, kExitSuccess);
  EXPECT_THAT(out_.str(), HasSubstr("usage: sluice-test --config FILE"));
  EXPECT_THAT(out_.str(), HasSubstr("Tests things."));
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(ProgramOptionsTest, RefusesWrongUsage) {
  const struct {
    std::vector<const char*> arguments;
    const char* complaint;
  } kCases[] = {
      {{}, "--config FILE is missing"},
      {{"--check"}, "--config FILE is missing"},
      {{"--config"}, "--config needs a file"},
      {{"--config="}, "--config needs a file"},
      {{"--config", ""}, "--config needs a file"},
      {{"--config=a", "--config=b"}, "--config is repeated"},
      {{"--config=a", "--verbose"}, "unknown argument: --verbose"},
      {{"--config=a", "b"}, "unknown argument: b"},
      {{"--configx=a"}, "unknown argument: --configx=a"},
  };
  for (const auto& c : kCases) {
    const ParsedProgramOptions parsed = Parse(c.arguments);
    EXPECT_FALSE(parsed.options.has_value()) << c.complaint;
    EXPECT_EQ(parsed.exit_status, kExitUsage) << c.complaint;
    EXPECT_THAT(err_.str(), HasSubstr(c.complaint));
    EXPECT_THAT(err_.str(), HasSubstr("usage: sluice-test"));
    EXPECT_THAT(out_.str(), IsEmpty());
  }
}

}  // namespace
}  // namespace sluice
