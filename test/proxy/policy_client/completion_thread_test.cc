#include "proxy/policy_client/completion_thread.h"

#include <grpcpp/alarm.h>
#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace sluice::policy_client {
namespace {

using std::chrono::system_clock;

// Remembers how it was completed, and where.
class Recorder final : public CompletionInterface {
 public:
  void OnComplete(bool ok) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    completions_.push_back(ok);
    thread_ = std::this_thread::get_id();
    changed_.notify_all();
  }

  std::vector<bool> WaitFor(size_t completions) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return completions_.size() >= completions; });
    return completions_;
  }
  std::thread::id thread() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return thread_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<bool> completions_;
  std::thread::id thread_;
};

TEST(CompletionThreadTest, TellsTheCompletionHowItsOperationEnded) {
  CompletionThread completions;
  Recorder done, cancelled;
  grpc::Alarm now, never;
  now.Set(completions.queue(), system_clock::now(), done.tag());
  never.Set(completions.queue(), system_clock::now() + std::chrono::hours(1),
            cancelled.tag());
  EXPECT_EQ(done.WaitFor(1), std::vector<bool>{true});
  never.Cancel();
  EXPECT_EQ(cancelled.WaitFor(1), std::vector<bool>{false});
}

TEST(CompletionThreadTest, AllComeOnOneThread) {
  CompletionThread completions;
  Recorder recorders[8];
  std::vector<std::unique_ptr<grpc::Alarm>> alarms;
  for (Recorder& recorder : recorders) {
    alarms.push_back(std::make_unique<grpc::Alarm>());
    alarms.back()->Set(completions.queue(), system_clock::now(),
                       recorder.tag());
  }
  for (Recorder& recorder : recorders) recorder.WaitFor(1);
  EXPECT_NE(recorders[0].thread(), std::this_thread::get_id());
  for (Recorder& recorder : recorders) {
    EXPECT_EQ(recorder.thread(), recorders[0].thread());
  }
}

}  // namespace
}  // namespace sluice::policy_client
