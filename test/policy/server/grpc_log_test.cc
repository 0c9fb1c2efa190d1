#include "policy/server/grpc_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "grpc/support/log.h"

namespace sluice::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StringSink : public LogSinkInterface {
 public:
  void Write(absl::string_view line) override { absl::StrAppend(&text, line); }
  void Flush() override { flushed = text; }
  std::string text;
  std::string flushed;
};

TEST(GrpcLogTest, TurnsMessagesIntoEventsWhileItLives) {
  StringSink sink;
  Logger log(&sink, LogLevel::kInfo, LogFormat::kJson);
  {
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_DEBUG);
    const ScopedGrpcLog grpc_log(&log);
    gpr_log_message("src/core/x.cc", 7, GPR_LOG_SEVERITY_ERROR, "it\nbroke");
    EXPECT_THAT(sink.text, HasSubstr(R"("level":"warning","event":"grpc")"));
    EXPECT_THAT(sink.text,
                HasSubstr(R"("detail":"it\nbroke","file":"x.cc","line":7)"));
    sink.text.clear();
    gpr_log_message("x.cc", 8, GPR_LOG_SEVERITY_DEBUG, "quiet");
    EXPECT_THAT(sink.text, IsEmpty());
  }
  gpr_log_message("x.cc", 9, GPR_LOG_SEVERITY_ERROR, "afterwards");
  EXPECT_THAT(sink.text, IsEmpty());
}

// GPR_ASSERT logs, and then aborts.
TEST(GrpcLogTest, WaitsUntilTheLastWordsAreWritten) {
  StringSink sink;
  Logger log(&sink, LogLevel::kInfo, LogFormat::kJson);
  const ScopedGrpcLog grpc_log(&log);
  gpr_log_message("x.cc", 7, GPR_LOG_SEVERITY_ERROR, "no connection");
  EXPECT_THAT(sink.flushed, IsEmpty());
  gpr_log_message("x.cc", 8, GPR_LOG_SEVERITY_ERROR, "assertion failed: n > 0");
  EXPECT_THAT(sink.flushed, HasSubstr("assertion failed: n > 0"));
}

}  // namespace
}  // namespace sluice::policy
