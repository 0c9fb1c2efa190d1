#include "test/bench/load/options.h"

#include <string>
#include <vector>

#include "absl/strings/str_split.h"
#include "gtest/gtest.h"

namespace sluice::load {
namespace {

absl::StatusOr<Options> Parse(absl::string_view line) {
  return ParseOptions(absl::StrSplit(line, ' ', absl::SkipEmpty()));
}

TEST(OptionsTest, HasDefaults) {
  const absl::StatusOr<Options> options = Parse("");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->mode, Mode::kPubSub);
  EXPECT_EQ(options->port, 1883);
  EXPECT_FALSE(options->tls);
}

TEST(OptionsTest, ReadsFlags) {
  const absl::StatusOr<Options> options = Parse(
      "--mode connect --port 8883 --tls --tls-version 1.3 --mqtt 5 "
      "--connections 7 --filter a/# --duration 2.5 --pid 12 --pid 13");
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->mode, Mode::kConnect);
  EXPECT_EQ(options->port, 8883);
  EXPECT_TRUE(options->tls);
  EXPECT_EQ(options->tls_version, TlsVersion::k13);
  EXPECT_EQ(options->version, mqtt::ProtocolVersion::kV5);
  EXPECT_EQ(options->connections, 7);
  EXPECT_EQ(options->filter, "a/#");
  EXPECT_EQ(options->duration, 2.5);
  EXPECT_EQ(options->pids, (std::vector<pid_t>{12, 13}));
}

TEST(OptionsTest, NamesTheBadFlag) {
  for (const absl::string_view line :
       {"--nonsense", "--port", "--port 0", "--port 65536", "--port 1x",
        "--qos 2", "--size 23", "--rate nan", "--duration 0", "--mode fast",
        "--mqtt 4", "--pop luck", "--connections 0"}) {
    const absl::StatusOr<Options> options = Parse(line);
    ASSERT_FALSE(options.ok()) << line;
    const std::string flag(*absl::StrSplit(line, ' ').begin());
    EXPECT_NE(options.status().message().find(flag), absl::string_view::npos)
        << options.status();
  }
}

TEST(OptionsTest, EveryTopicNeedsASubscriber) {
  EXPECT_FALSE(Parse("--publishers 3 --subscribers 2").ok());
  EXPECT_TRUE(Parse("--publishers 3 --subscribers 4").ok());
}

TEST(OptionsTest, AceNeedsTlsTokenAndKey) {
  EXPECT_TRUE(Parse("--ace --tls --token t --key k").ok());
  EXPECT_FALSE(Parse("--ace --token t --key k").ok());
  EXPECT_FALSE(Parse("--ace --tls --key k").ok());
  EXPECT_FALSE(Parse("--ace --tls --token t").ok());
}

TEST(OptionsTest, ChallengeNeedsMqtt5) {
  EXPECT_FALSE(Parse("--ace --tls --token t --key k --pop challenge").ok());
  EXPECT_TRUE(
      Parse("--ace --tls --token t --key k --pop challenge --mqtt 5").ok());
}

}  // namespace
}  // namespace sluice::load
