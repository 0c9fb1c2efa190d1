#include "policy/server/grpc_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "google/protobuf/wrappers.pb.h"
#include "grpc/support/log.h"
#include "test/testing/string_sink.h"

namespace sluice::policy {
namespace {

using ::sluice::testing::StringSink;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(GrpcLogTest, TurnsMessagesIntoEventsWhileItLives) {
  StringSink sink;
  Logger log(&sink, LogLevel::kInfo, LogFormat::kJson);
  {
    gpr_set_log_verbosity(GPR_LOG_SEVERITY_DEBUG);
    const ScopedGrpcLog grpc_log(&log);
    gpr_log_message("src/core/x.cc", 7, GPR_LOG_SEVERITY_ERROR, "it\nbroke");
    EXPECT_THAT(sink.text(), HasSubstr(R"("level":"warning","event":"grpc")"));
    EXPECT_THAT(sink.text(),
                HasSubstr(R"("detail":"it\nbroke","file":"x.cc","line":7)"));
    sink.Clear();
    gpr_log_message("x.cc", 8, GPR_LOG_SEVERITY_DEBUG, "quiet");
    EXPECT_THAT(sink.text(), IsEmpty());
  }
  gpr_log_message("x.cc", 9, GPR_LOG_SEVERITY_ERROR, "afterwards");
  EXPECT_THAT(sink.text(), IsEmpty());
}

absl::Time test_now = absl::UnixEpoch();

TEST(GrpcLogTest, WritesSoManyLinesASecondAndCountsTheOthers) {
  StringSink sink;
  Logger log(&sink, LogLevel::kInfo, LogFormat::kJson);
  const uint64_t before = ScopedGrpcLog::suppressed();
  const auto say = [](int lines) {
    for (int i = 0; i < lines; ++i) {
      gpr_log_message("x.cc", 7, GPR_LOG_SEVERITY_ERROR, "bad header");
    }
  };
  const auto lines = [&sink] { return sink.lines().size(); };
  {
    const ScopedGrpcLog grpc_log(&log, [] { return test_now; });
    say(150);
    EXPECT_EQ(lines(), 100u);
    gpr_log_message("x.cc", 8, GPR_LOG_SEVERITY_ERROR, "assertion failed: n");
    EXPECT_THAT(sink.flushed(), HasSubstr("assertion failed: n"));
    sink.Clear();
    test_now += absl::Seconds(1);
    say(1);
    EXPECT_THAT(sink.text(), HasSubstr(R"("lines_suppressed","of":"grpc")"));
    EXPECT_EQ(lines(), 2u);
    say(100);
    sink.Clear();
  }
  EXPECT_THAT(sink.text(), HasSubstr(R"("of":"grpc","lines":1)"));
  EXPECT_EQ(ScopedGrpcLog::suppressed() - before, 51u);
}

// As anybody can who reaches a port.
void ReadWhatIsNotUtf8() {
  google::protobuf::StringValue value;
  EXPECT_FALSE(value.ParseFromString("\x0a\x01\xff"));
}

TEST(GrpcLogTest, HasWhatProtocolBuffersTell) {
  StringSink sink;
  Logger log(&sink, LogLevel::kInfo, LogFormat::kJson);
  ::testing::internal::CaptureStderr();
  const uint64_t before = ScopedGrpcLog::suppressed();
  {
    const ScopedGrpcLog grpc_log(&log, [] { return test_now; });
    test_now += absl::Seconds(1);
    for (int i = 0; i < 150; ++i) ReadWhatIsNotUtf8();
    EXPECT_EQ(sink.lines().size(), 100u);
    EXPECT_THAT(sink.text(), HasSubstr(R"("level":"warning","event":"grpc")"));
    EXPECT_THAT(sink.text(), HasSubstr("google.protobuf.StringValue.value"));
    EXPECT_THAT(sink.text(), HasSubstr(R"(","file":"wire_format_lite.cc")"));
  }
  EXPECT_EQ(ScopedGrpcLog::suppressed() - before, 50u);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  // Afterwards they are told as before.
  sink.Clear();
  ::testing::internal::CaptureStderr();
  ReadWhatIsNotUtf8();
  EXPECT_THAT(::testing::internal::GetCapturedStderr(), HasSubstr("UTF-8"));
  EXPECT_THAT(sink.text(), IsEmpty());
}

// GPR_ASSERT logs, and then aborts.
TEST(GrpcLogTest, WaitsUntilTheLastWordsAreWritten) {
  StringSink sink;
  Logger log(&sink, LogLevel::kInfo, LogFormat::kJson);
  const ScopedGrpcLog grpc_log(&log);
  gpr_log_message("x.cc", 7, GPR_LOG_SEVERITY_ERROR, "no connection");
  EXPECT_THAT(sink.flushed(), IsEmpty());
  gpr_log_message("x.cc", 8, GPR_LOG_SEVERITY_ERROR, "assertion failed: n > 0");
  EXPECT_THAT(sink.flushed(), HasSubstr("assertion failed: n > 0"));
}

}  // namespace
}  // namespace sluice::policy
