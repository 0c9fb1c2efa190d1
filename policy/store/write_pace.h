#ifndef POLICY_STORE_WRITE_PACE_H_
#define POLICY_STORE_WRITE_PACE_H_

#include <cstddef>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proxy/base/map_by_expiry.h"

namespace sluice::policy {

// How often one thing may be written, by whoever can have it written without
// end: some times at once, and then once in a while. It remembers a bounded
// number of things, and forgets first who would be let write soonest.
// Thread-safe; time is the caller's.
class WritePace {
 public:
  static constexpr int kAtOnce = 8;
  static constexpr absl::Duration kInterval = absl::Minutes(1);
  static constexpr size_t kMaxKeys = 65'536;

  WritePace() = default;
  WritePace(const WritePace&) = delete;
  WritePace& operator=(const WritePace&) = delete;

  // Whether `key` may be written at `now`, which counts then. A clock that is
  // set back keeps nobody waiting for longer.
  bool Take(absl::string_view key, absl::Time now);

 private:
  struct Nothing {};

  std::mutex mutex_;
  // Each until all of its writes have become possible again.
  MapByExpiry<Nothing> busy_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_WRITE_PACE_H_
