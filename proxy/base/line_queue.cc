#include "proxy/base/line_queue.h"

#include <chrono>

namespace sluice {
namespace {

// Who takes lines away sleeps and wakes so often at most, rather than at each
// line, beside threads that have packets to judge.
constexpr std::chrono::milliseconds kGathering(1);

}  // namespace

bool LineQueue::Push(absl::string_view line, Priority priority) {
  const size_t room =
      priority == Priority::kHigh ? capacity_ : capacity_ - capacity_ / 2;
  bool is_news;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (closed_ || lines_.size() > room || line.size() > room - lines_.size()) {
      ++refused_;
      return false;
    }
    const bool had_many = HasMany();
    const bool had_none = lines_.empty();
    lines_.append(line.data(), line.size());
    is_news = had_none || (HasMany() && !had_many);
  }
  if (is_news) changed_.notify_one();
  return true;
}

bool LineQueue::Take(std::string* lines, uint64_t* refused) {
  lines->clear();
  std::unique_lock<std::mutex> lock(mutex_);
  taker_waits_ = true;
  idle_.notify_all();
  changed_.wait(lock, [this] { return !lines_.empty() || woken_ || closed_; });
  changed_.wait_for(lock, kGathering,
                    [this] { return HasMany() || woken_ || closed_; });
  taker_waits_ = lines_.empty() && closed_;  // for good
  woken_ = false;
  lines->swap(lines_);
  if (refused != nullptr) *refused = refused_;
  return !lines->empty() || !closed_;
}

void LineQueue::Wake() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    woken_ = true;
  }
  changed_.notify_one();
}

void LineQueue::Close() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = true;
  }
  changed_.notify_one();
}

bool LineQueue::WaitUntilIdle(absl::Duration timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  return idle_.wait_for(lock, absl::ToChronoMilliseconds(timeout),
                        [this] { return lines_.empty() && taker_waits_; });
}

uint64_t LineQueue::refused() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return refused_;
}

}  // namespace sluice
