#ifndef PROXY_BASE_LINE_OUTPUT_H_
#define PROXY_BASE_LINE_OUTPUT_H_

#include <atomic>
#include <chrono>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sluice {

// Lines on their way into a file, pipe or terminal. It waits for a reader who
// does not read, so it is for a thread that has nothing else to do. Of one
// thread, but for Stop().
class LineOutput {
 public:
  // Writes to `fd` from now on, which is not owned.
  void SetFd(int fd);

  // `lines` ends with a line break. Returns how many of them could not be
  // written. What follows one that broke off is a line of its own. Where
  // others write to the same pipe, a line of PIPE_BUF bytes at most stays
  // whole.
  uint64_t Write(absl::string_view lines);
  // The errno of the last Write() that failed.
  int error() const { return error_; }

  // The program ends: from now on readers have two more seconds in all.
  // Any thread.
  void Stop() { stopping_ = true; }

 private:
  // Part of `bytes`, as the file takes it; less than 1 on failure, as write(2).
  long WriteSome(absl::string_view bytes);
  bool WaitUntilWritable();
  uint64_t Fail(absl::string_view lines);

  int fd_ = -1;
  bool may_block_ = false;  // no regular file
  bool torn_ = false;       // ends in the middle of a line
  int error_ = 0;
  std::atomic<bool> stopping_{false};
  // Set when it is seen that the program ends.
  absl::optional<std::chrono::steady_clock::time_point> end_;
};

}  // namespace sluice

#endif  // PROXY_BASE_LINE_OUTPUT_H_
