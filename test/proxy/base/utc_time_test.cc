#include "proxy/base/utc_time.h"

#include <string>

#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

std::string Shown(absl::Time time, int digits) {
  std::string out = "at ";
  AppendUtcTime(time, digits, &out);
  return out;
}

TEST(UtcTimeTest, HasTheDigitsThatWereAskedFor) {
  const absl::Time time =
      absl::FromUnixSeconds(1800000000) + absl::Nanoseconds(12345678);
  EXPECT_EQ(Shown(time, 0), "at 2027-01-15T08:00:00Z");
  EXPECT_EQ(Shown(time, 3), "at 2027-01-15T08:00:00.012Z");
  EXPECT_EQ(Shown(time, 6), "at 2027-01-15T08:00:00.012345Z");
  EXPECT_EQ(Shown(time, 9), "at 2027-01-15T08:00:00.012345678Z");
}

TEST(UtcTimeTest, IsWhatAbseilMakesOfIt) {
  absl::Time time = absl::FromUnixSeconds(-3000000000);
  for (int i = 0; i < 20000; ++i) {
    time += absl::Seconds(500000) + absl::Microseconds(123457);
    ASSERT_EQ(Shown(time, 6),
              "at " + absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time,
                                       absl::UTCTimeZone()));
  }
}

TEST(UtcTimeTest, StaysWithinFourDigitsOfAYear) {
  EXPECT_EQ(Shown(absl::InfinitePast(), 0), "at 0000-01-01T00:00:00Z");
  EXPECT_EQ(Shown(absl::InfiniteFuture(), 3), "at 9999-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace sluice
