#include "test/bench/load/histogram.h"

#include <cstdint>
#include <initializer_list>
#include <limits>

#include "gtest/gtest.h"

namespace sluice::load {
namespace {

TEST(HistogramTest, IsZeroWhenEmpty) {
  const Histogram histogram;
  EXPECT_EQ(histogram.count(), 0u);
  EXPECT_EQ(histogram.Quantile(0.5), 0);
  EXPECT_EQ(histogram.max(), 0);
}

TEST(HistogramTest, CountsSmallValuesExactly) {
  Histogram histogram;
  for (int64_t value = 1; value <= 100; ++value) histogram.Add(value);
  EXPECT_EQ(histogram.count(), 100u);
  EXPECT_EQ(histogram.Quantile(0), 1);
  EXPECT_EQ(histogram.Quantile(0.5), 50);
  EXPECT_EQ(histogram.Quantile(0.99), 99);
  EXPECT_EQ(histogram.Quantile(1), 100);
}

TEST(HistogramTest, IsOffByLessThanOneIn64) {
  for (const int64_t value :
       {int64_t{127}, int64_t{128}, int64_t{129}, int64_t{65'535},
        int64_t{1'000'003}, int64_t{123'456'789'012},
        std::numeric_limits<int64_t>::max() / 2}) {
    Histogram histogram;
    histogram.Add(value);
    // Another one above, since the greatest of all bounds every quantile.
    histogram.Add(std::numeric_limits<int64_t>::max());
    const int64_t quantile = histogram.Quantile(0.5);
    EXPECT_GT(quantile, value - value / 64 - 1);
    EXPECT_LT(quantile, value + value / 64 + 1);
  }
}

TEST(HistogramTest, TakesNegativeValuesForZero) {
  Histogram histogram;
  histogram.Add(-5);
  EXPECT_EQ(histogram.count(), 1u);
  EXPECT_EQ(histogram.Quantile(0.5), 0);
}

TEST(HistogramTest, NeverAnswersMoreThanTheGreatest) {
  Histogram histogram;
  histogram.Add(1'000'001);
  EXPECT_LE(histogram.Quantile(0.999), 1'000'001);
  EXPECT_EQ(histogram.max(), 1'000'001);
}

TEST(HistogramTest, PrintsMicroseconds) {
  Histogram histogram;
  histogram.Add(64'000);
  EXPECT_EQ(histogram.ToJson(),
            R"({"p50":64.000,"p90":64.000,"p99":64.000,"p999":64.000,)"
            R"("max":64.000})");
}

}  // namespace
}  // namespace sluice::load
