#ifndef TEST_TESTING_STRING_SINK_H_
#define TEST_TESTING_STRING_SINK_H_

#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "proxy/base/log.h"

namespace sluice::testing {

// Keeps all lines. Thread-safe.
class StringSink : public LogSinkInterface {
 public:
  void Write(absl::string_view line) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.emplace_back(line);
  }
  void Flush() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    flushed_ = absl::StrJoin(lines_, "");
  }

  // Those since Clear(), each with its line break.
  std::vector<std::string> lines() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }
  // All of them.
  std::string text() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return absl::StrJoin(lines_, "");
  }
  // The latest; empty where there is none.
  std::string last() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_.empty() ? "" : lines_.back();
  }
  // The text when it was last flushed.
  std::string flushed() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return flushed_;
  }
  void Clear() {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_.clear();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
  std::string flushed_;
};

}  // namespace sluice::testing

#endif  // TEST_TESTING_STRING_SINK_H_
