#ifndef PROXY_BASE_LINE_QUEUE_H_
#define PROXY_BASE_LINE_QUEUE_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice {

// Lines on their way from many threads to one, in order, and no more of them
// than there is room for. Who brings a line never waits for who takes them
// away; what does not fit is refused. Thread-safe.
class LineQueue {
 public:
  // Only high ones may take the second half of the room.
  enum class Priority { kLow, kHigh };

  // `capacity`: bytes.
  explicit LineQueue(size_t capacity) : capacity_(capacity) {}
  LineQueue(const LineQueue&) = delete;
  LineQueue& operator=(const LineQueue&) = delete;

  // `line` ends with a line break. False: there is no room, or the queue is
  // closed.
  bool Push(absl::string_view line, Priority priority);

  // Waits until there are lines, and then a millisecond for more of them unless
  // there are many already, for Wake() or for Close(), and puts all lines into
  // `lines` in the place of what it holds. False once the queue is closed and
  // empty. `refused`, unless null, is how many were refused until now: those
  // that `lines` and what was taken before do not include.
  bool Take(std::string* lines, uint64_t* refused = nullptr);
  // Makes one Take() return, even without lines.
  void Wake();
  // Nothing more is let in; what is there can still be taken.
  void Close();

  // Waits until all lines have been taken, and who takes them has come back for
  // more or found the queue closed; false if that took too long.
  bool WaitUntilIdle(absl::Duration timeout);

  // Lines for which there was no room, or which came after Close().
  uint64_t refused() const;

 private:
  bool HasMany() const { return lines_.size() > capacity_ / 4; }

  const size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable idle_;
  std::string lines_;
  uint64_t refused_ = 0;
  bool woken_ = false;
  bool closed_ = false;
  bool taker_waits_ = false;
};

}  // namespace sluice

#endif  // PROXY_BASE_LINE_QUEUE_H_
