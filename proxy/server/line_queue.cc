#include "proxy/server/line_queue.h"

namespace sluice::server {

bool LineQueue::Push(absl::string_view line, Priority priority) {
  const size_t room =
      priority == Priority::kHigh ? capacity_ : capacity_ - capacity_ / 2;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (closed_ || lines_.size() > room || line.size() > room - lines_.size()) {
      return false;
    }
    lines_.append(line.data(), line.size());
  }
  changed_.notify_one();
  return true;
}

bool LineQueue::Take(std::string* lines) {
  lines->clear();
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return !lines_.empty() || woken_ || closed_; });
  woken_ = false;
  lines->swap(lines_);
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

}  // namespace sluice::server
