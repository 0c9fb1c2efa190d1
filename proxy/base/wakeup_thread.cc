#include "proxy/base/wakeup_thread.h"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

// The function may go by a clock that is set meanwhile.
constexpr absl::Duration kLongestSleep = absl::Seconds(60);

}  // namespace

WakeupThread::WakeupThread(std::function<absl::Duration()> work)
    : work_(std::move(work)) {
  thread_ = std::thread([this] { Run(); });
}

WakeupThread::~WakeupThread() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void WakeupThread::Wake() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void WakeupThread::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    woken_ = false;
    lock.unlock();
    const absl::Duration sleep = std::min(work_(), kLongestSleep);
    lock.lock();
    changed_.wait_for(lock, absl::ToChronoNanoseconds(sleep),
                      [this] { return woken_ || stopping_; });
  }
}

}  // namespace sluice
