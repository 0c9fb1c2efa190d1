#include "test/bench/load/process_watch.h"

#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "test/bench/load/clock.h"

namespace sluice::load {
namespace {

// /proc/PID/LEAF up to 4 KiB; empty when it cannot be read.
std::string ReadProc(pid_t pid, const char* leaf) {
  std::string text;
  FILE* file = std::fopen(absl::StrCat("/proc/", pid, "/", leaf).c_str(), "r");
  if (file == nullptr) return text;
  text.resize(4096);
  text.resize(std::fread(&text[0], 1, text.size(), file));
  std::fclose(file);
  return text;
}

absl::Status Gone(pid_t pid) {
  return absl::NotFoundError(absl::StrCat("no process ", pid));
}

int64_t ToNanos(const timespec& time) {
  return static_cast<int64_t>(time.tv_sec) * kNanosPerSecond + time.tv_nsec;
}

}  // namespace

absl::StatusOr<ProcessWatch> ProcessWatch::Of(pid_t pid) {
  clockid_t clock;
  if (clock_getcpuclockid(pid, &clock) != 0) return Gone(pid);
  const std::string name = ReadProc(pid, "comm");
  return ProcessWatch(pid, clock, std::string(absl::StripSuffix(name, "\n")));
}

ProcessWatch::ProcessWatch(pid_t pid, clockid_t clock, std::string name)
    : pid_(pid), clock_(clock), name_(std::move(name)) {}

absl::StatusOr<ProcessWatch::Sample> ProcessWatch::Take() const {
  timespec cpu;
  if (clock_gettime(clock_, &cpu) != 0) return Gone(pid_);
  // Total and resident size, in pages.
  int64_t total;
  int64_t resident;
  if (std::sscanf(ReadProc(pid_, "statm").c_str(), "%" SCNd64 " %" SCNd64,
                  &total, &resident) != 2) {
    return Gone(pid_);
  }
  return Sample{ToNanos(cpu), resident * sysconf(_SC_PAGESIZE)};
}

int64_t OwnCpuNanos() {
  timespec cpu{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu);
  return ToNanos(cpu);
}

}  // namespace sluice::load
