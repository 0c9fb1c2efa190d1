#include "proxy/base/limited_event.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "test/testing/string_sink.h"

namespace sluice {
namespace {

using ::sluice::testing::StringSink;

TEST(LimitedEventTest, TellsHowManyLinesWereLeftOut) {
  StringSink sink;
  Logger log(&sink, LogLevel::kInfo, LogFormat::kText, absl::UnixEpoch);
  std::atomic<uint64_t> suppressed{0};
  LimitedEvent event("knock", &suppressed);
  absl::Time now = absl::UnixEpoch();
  uint32_t taken = 0;
  for (int i = 0; i < 130; ++i) taken += event.Take(now, log) ? 1 : 0;
  EXPECT_EQ(taken, LineLimit::kPerSecond);
  EXPECT_EQ(suppressed, 30u);
  EXPECT_EQ(sink.text(), "");
  now += absl::Seconds(1);
  EXPECT_TRUE(event.Take(now, log));
  EXPECT_EQ(sink.text(),
            "1970-01-01T00:00:00.000Z WARNING lines_suppressed of=knock "
            "lines=30\n");
  event.TellRest(log);  // there is none
  for (int i = 0; i < 100; ++i) event.Take(now, log);
  sink.Clear();
  event.TellRest(log);
  EXPECT_EQ(sink.text(),
            "1970-01-01T00:00:00.000Z WARNING lines_suppressed of=knock "
            "lines=1\n");
  EXPECT_EQ(suppressed, 31u);
}

}  // namespace
}  // namespace sluice
