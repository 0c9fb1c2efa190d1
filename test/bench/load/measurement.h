#ifndef TEST_BENCH_LOAD_MEASUREMENT_H_
#define TEST_BENCH_LOAD_MEASUREMENT_H_

#include <sys/types.h>

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "test/bench/load/json_object.h"
#include "test/bench/load/process_watch.h"

namespace sluice::load {

// A stretch of time, and what the watched processes and this one used in it.
class Measurement {
 public:
  // NotFound when one of the processes does not exist.
  static absl::StatusOr<Measurement> Of(const std::vector<pid_t>& pids);

  // Each is called once. NotFound when a process has ended meanwhile.
  absl::Status Begin();
  absl::Status End();

  double seconds() const;

  // Adds "seconds", "own_cpu_us_per_UNIT" and "processes": for each process its
  // CPU and its growth in resident memory per unit, of which there were
  // `units`. Only after End().
  void AddTo(absl::string_view unit, double units, JsonObject* json) const;

 private:
  struct Watched {
    ProcessWatch process;
    ProcessWatch::Sample before;
    ProcessWatch::Sample after;
  };

  Measurement() = default;

  std::vector<Watched> watched_;
  int64_t began_ = 0;
  int64_t ended_ = 0;
  int64_t own_cpu_nanos_ = 0;
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_MEASUREMENT_H_
