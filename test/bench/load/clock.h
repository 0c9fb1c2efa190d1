#ifndef TEST_BENCH_LOAD_CLOCK_H_
#define TEST_BENCH_LOAD_CLOCK_H_

#include <chrono>
#include <cstdint>

namespace sluice::load {

inline constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Nanoseconds of the monotonic clock.
inline int64_t NowNanos() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

inline int64_t NanosOf(double seconds) {
  return static_cast<int64_t>(seconds * kNanosPerSecond);
}

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_CLOCK_H_
