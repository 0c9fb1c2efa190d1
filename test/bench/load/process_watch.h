#ifndef TEST_BENCH_LOAD_PROCESS_WATCH_H_
#define TEST_BENCH_LOAD_PROCESS_WATCH_H_

#include <sys/types.h>
#include <time.h>

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace sluice::load {

// CPU time and resident memory of another process on this machine, all threads
// together, children not.
class ProcessWatch {
 public:
  struct Sample {
    int64_t cpu_nanos = 0;       // user and system, by the process CPU clock
    int64_t resident_bytes = 0;  // shared pages included
  };

  // NotFound when there is no such process.
  static absl::StatusOr<ProcessWatch> Of(pid_t pid);

  pid_t pid() const { return pid_; }
  // As the kernel has it: at most 15 characters.
  const std::string& name() const { return name_; }

  // NotFound when the process has ended.
  absl::StatusOr<Sample> Take() const;

 private:
  ProcessWatch(pid_t pid, clockid_t clock, std::string name);

  pid_t pid_;
  clockid_t clock_;
  std::string name_;
};

// CPU time of this process, in nanoseconds.
int64_t OwnCpuNanos();

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_PROCESS_WATCH_H_
