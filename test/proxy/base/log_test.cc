#include "proxy/base/log.h"

#include <cstdint>
#include <limits>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "test/testing/string_sink.h"

namespace sluice {
namespace {

using ::sluice::testing::StringSink;

absl::Time FixedTime() {
  return absl::FromUnixMillis(1769860800000) + absl::Microseconds(123456);
}

class LogTest : public ::testing::Test {
 protected:
  StringSink sink_;
  Logger json_{&sink_, LogLevel::kInfo, LogFormat::kJson, FixedTime};
  Logger text_{&sink_, LogLevel::kInfo, LogFormat::kText, FixedTime};
};

TEST_F(LogTest, WritesJson) {
  json_.Info("ready", {{"address", "127.0.0.1:8883"},
                       {"workers", 2},
                       {"tls", true},
                       {"ratio", 0.5}});
  EXPECT_EQ(sink_.last(),
            "{\"time\":\"2026-01-31T12:00:00.123Z\",\"level\":\"info\","
            "\"event\":\"ready\",\"address\":\"127.0.0.1:8883\",\"workers\":2,"
            "\"tls\":true,\"ratio\":0.5}\n");
}

TEST_F(LogTest, WritesText) {
  text_.Warning("client_refused", {{"client_id", "a"},
                                   {"detail", "two words"},
                                   {"empty", ""},
                                   {"code", uint8_t{135}}});
  EXPECT_EQ(sink_.last(),
            "2026-01-31T12:00:00.123Z WARNING client_refused client_id=a "
            "detail=\"two words\" empty=\"\" code=135\n");
}

TEST_F(LogTest, WritesAnEventWithoutFields) {
  json_.Error("stopped");
  EXPECT_EQ(sink_.last(),
            "{\"time\":\"2026-01-31T12:00:00.123Z\",\"level\":\"error\","
            "\"event\":\"stopped\"}\n");
  text_.Error("stopped");
  EXPECT_EQ(sink_.last(), "2026-01-31T12:00:00.123Z ERROR stopped\n");
}

TEST_F(LogTest, WritesGroups) {
  const std::vector<LogField> listeners = {{"mqtts", "127.0.0.1:8883"},
                                           {"a \"b\"", 2}};
  const absl::Span<const LogField> none;
  json_.Info("ready", {{"listeners", listeners}, {"none", none}});
  EXPECT_TRUE(absl::EndsWith(
      sink_.last(),
      "\"event\":\"ready\",\"listeners\":{\"mqtts\":\"127.0.0.1:8883\","
      "\"a \\\"b\\\"\":2},\"none\":{}}\n"))
      << sink_.last();
  text_.Info("ready", {{"listeners", listeners}, {"none", none}});
  EXPECT_EQ(sink_.last(),
            "2026-01-31T12:00:00.123Z INFO ready "
            "listeners.mqtts=127.0.0.1:8883 listeners.\"a \\\"b\\\"\"=2\n");
}

TEST_F(LogTest, WritesTheWholeRangeOfNumbers) {
  json_.Info("n", {{"min", std::numeric_limits<int64_t>::min()},
                   {"max", std::numeric_limits<uint64_t>::max()},
                   {"none", std::numeric_limits<double>::infinity()}});
  EXPECT_TRUE(absl::EndsWith(sink_.last(),
                             "\"min\":-9223372036854775808,"
                             "\"max\":18446744073709551615,\"none\":null}\n"));
}

TEST_F(LogTest, NoValueEndsALineOrPosesAsAField) {
  const std::string evil =
      "x\n2026-01-31T12:00:00.123Z INFO client_connected subject=admin";
  for (Logger* logger : {&json_, &text_}) {
    logger->Info("client_denied", {{"topic", evil}, {"reason", "a=b"}});
    EXPECT_EQ(sink_.last().find('\n'), sink_.last().size() - 1);
  }
  EXPECT_EQ(sink_.last(),
            "2026-01-31T12:00:00.123Z INFO client_denied "
            "topic=\"x\\n2026-01-31T12:00:00.123Z INFO client_connected "
            "subject=admin\" reason=\"a=b\"\n");
}

TEST_F(LogTest, QuotesWhatIsNotPlainAscii) {
  text_.Info("e", {{"a", "\xff"}, {"b", "back\\slash"}, {"c", "q\"q"}});
  EXPECT_EQ(sink_.last(),
            "2026-01-31T12:00:00.123Z INFO e a=\"\ufffd\" "
            "b=\"back\\\\slash\" c=\"q\\\"q\"\n");
}

TEST_F(LogTest, WritesFromTheLevelUp) {
  json_.Log(LogLevel::kDebug, "unseen");
  EXPECT_EQ(sink_.lines().size(), 0u);
  EXPECT_FALSE(json_.Enabled(LogLevel::kDebug));
  json_.SetLevel(LogLevel::kDebug);
  json_.Log(LogLevel::kDebug, "seen");
  EXPECT_EQ(sink_.lines().size(), 1u);
  json_.SetLevel(LogLevel::kError);
  json_.Warning("unseen");
  EXPECT_EQ(sink_.lines().size(), 1u);
  json_.Error("seen");
  EXPECT_EQ(sink_.lines().size(), 2u);
}

TEST_F(LogTest, AnnouncesAtAnyLevel) {
  text_.SetLevel(LogLevel::kError);
  text_.Announce("ready", {});
  EXPECT_EQ(sink_.last(), "2026-01-31T12:00:00.123Z INFO ready\n");
}

}  // namespace
}  // namespace sluice
