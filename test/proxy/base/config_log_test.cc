#include "proxy/base/config_log.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

class LinesSink : public LogSinkInterface {
 public:
  void Write(absl::string_view line) override { lines += std::string(line); }

  std::string lines;
};

class ConfigLogTest : public testing::Test {
 protected:
  LinesSink sink_;
  Logger log_{&sink_, LogLevel::kInfo, LogFormat::kText,
              [] { return absl::UnixEpoch(); }};
};

TEST_F(ConfigLogTest, EachWarningHasALine) {
  LogConfigWarnings(std::vector<std::string>{"one", "two"}, log_);
  EXPECT_EQ(sink_.lines,
            "1970-01-01T00:00:00.000Z WARNING config_warning detail=one\n"
            "1970-01-01T00:00:00.000Z WARNING config_warning detail=two\n");
}

TEST_F(ConfigLogTest, FieldsThatNeedARestartAreInOneLine) {
  LogNeedsRestart("policy.embedded: ", std::vector<std::string>{"tls", "store"},
                  log_);
  EXPECT_EQ(sink_.lines,
            "1970-01-01T00:00:00.000Z WARNING reload_incomplete "
            "detail=\"policy.embedded: only a restart takes over: tls, "
            "store\"\n");
}

TEST_F(ConfigLogTest, NothingIsSaidOfNoFields) {
  LogNeedsRestart("", {}, log_);
  EXPECT_EQ(sink_.lines, "");
}

}  // namespace
}  // namespace sluice
