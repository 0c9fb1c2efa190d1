#include "proto/timestamp.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

google::protobuf::Timestamp Make(int64_t seconds, int32_t nanos) {
  google::protobuf::Timestamp timestamp;
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(nanos);
  return timestamp;
}

TEST(TimestampTest, IsTheTimeThatWasPutIn) {
  for (const absl::Time time :
       {absl::UnixEpoch(), absl::FromUnixNanos(1'700'000'000'000'000'001),
        absl::UnixEpoch() - absl::Nanoseconds(1)}) {
    EXPECT_EQ(FromTimestamp(ToTimestamp(time)), time);
  }
  EXPECT_EQ(ToTimestamp(absl::UnixEpoch() - absl::Nanoseconds(1)).nanos(),
            999'999'999);
}

TEST(TimestampTest, OutOfItsRangeIsNone) {
  EXPECT_TRUE(FromTimestamp(Make(253'402'300'799, 999'999'999)).has_value());
  EXPECT_FALSE(FromTimestamp(Make(253'402'300'800, 0)).has_value());
  EXPECT_TRUE(FromTimestamp(Make(-62'135'596'800, 0)).has_value());
  EXPECT_FALSE(FromTimestamp(Make(-62'135'596'801, 0)).has_value());
  EXPECT_FALSE(FromTimestamp(Make(0, -1)).has_value());
  EXPECT_FALSE(FromTimestamp(Make(0, 1'000'000'000)).has_value());
}

}  // namespace
}  // namespace sluice
