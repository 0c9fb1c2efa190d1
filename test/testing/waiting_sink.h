#ifndef TEST_TESTING_WAITING_SINK_H_
#define TEST_TESTING_WAITING_SINK_H_

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proxy/base/log.h"

namespace sluice::testing {

// Keeps all lines, and waits for some. Thread-safe.
class WaitingSink : public LogSinkInterface {
 public:
  void Write(absl::string_view line) override {
    std::lock_guard<std::mutex> lock(mutex_);
    absl::StrAppend(&text_, line);
    written_.notify_all();
  }
  // Waits for that text, and returns all that came with it.
  std::string WaitFor(absl::string_view text) {
    std::unique_lock<std::mutex> lock(mutex_);
    written_.wait(lock, [&] { return absl::StrContains(text_, text); });
    return std::exchange(text_, "");
  }

 private:
  std::mutex mutex_;
  std::condition_variable written_;
  std::string text_;
};

}  // namespace sluice::testing

#endif  // TEST_TESTING_WAITING_SINK_H_
