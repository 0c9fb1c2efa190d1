#ifndef PROXY_BASE_WAKEUP_THREAD_H_
#define PROXY_BASE_WAKEUP_THREAD_H_

#include <condition_variable>
#include <functional>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <thread>

#include "absl/time/time.h"

namespace sluice {

// Calls a function again and again, on a thread of its own.
class WakeupThread {
 public:
  // `work` is called at once; it returns after how long to call it again.
  explicit WakeupThread(std::function<absl::Duration()> work);
  // Waits for a call that is under way.
  ~WakeupThread();
  WakeupThread(const WakeupThread&) = delete;
  WakeupThread& operator=(const WakeupThread&) = delete;

  // Calls the function now.
  void Wake();

 private:
  void Run();

  const std::function<absl::Duration()> work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool woken_ = false;
  bool stopping_ = false;
  std::thread thread_;  // last: uses all of the above
};

}  // namespace sluice

#endif  // PROXY_BASE_WAKEUP_THREAD_H_
