#include "policy/service/call_pool.h"

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice::policy {
namespace {

constexpr std::chrono::milliseconds kTimeToAnswer(100);

}  // namespace

CallDeadline::Time StoreDeadlineOf(const grpc::CallbackServerContext& context) {
  const CallDeadline::Time deadline = context.deadline();
  // Without one it is the far future, from which nothing is to be taken.
  return std::min(deadline, CallDeadline::Time::max() - kTimeToAnswer) -
         kTimeToAnswer;
}

CallPool::CallPool(size_t threads, Work work, size_t max_waiting)
    : work_(work), max_waiting_(max_waiting), idle_threads_(threads) {
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { RunThread(); });
  }
}

CallPool::~CallPool() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

grpc::ServerUnaryReactor* CallPool::React(grpc::CallbackServerContext* context,
                                          const grpc::Status& may, Call call) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (!may.ok()) {
    reactor->Finish(may);
    return reactor;
  }
  auto run = [this, context, reactor, call = std::move(call)] {
    if (std::chrono::system_clock::now() >= context->deadline()) {
      ++too_late_;
      reactor->Finish(grpc::Status(grpc::StatusCode::DEADLINE_EXCEEDED,
                                   "its turn came too late"));
      return;
    }
    const CallDeadline call_deadline(StoreDeadlineOf(*context));
    call(reactor);
  };
  if (threads_.empty()) {
    run();
  } else if (BeginHere()) {
    run();
    EndHere();
  } else if (!Post(std::move(run))) {
    ++too_many_;
    reactor->Finish(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                                 "too many calls wait for the store"));
  }
  return reactor;
}

bool CallPool::BeginHere() {
  if (work_ == Work::kMayWait) return false;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (runs_here_ || !waiting_.empty()) return false;
  runs_here_ = true;
  return true;
}

void CallPool::EndHere() {
  const std::lock_guard<std::mutex> lock(mutex_);
  runs_here_ = false;
}

bool CallPool::Post(std::function<void()> call) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (waiting_.size() >= max_waiting_ + idle_threads_) return false;
  waiting_.push_back(std::move(call));
  changed_.notify_one();
  return true;
}

size_t CallPool::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_.size();
}

void CallPool::Resume(std::function<void()> call) {
  if (threads_.empty()) {
    call();
    return;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  waiting_.push_back(std::move(call));
  changed_.notify_one();
}

void CallPool::RunThread() {
  prctl(PR_SET_NAME, "calls");
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    std::function<void()> call = std::move(waiting_.front());
    waiting_.pop_front();
    --idle_threads_;
    lock.unlock();
    call();
    call = nullptr;  // what it holds may end with it, and take its time
    lock.lock();
    ++idle_threads_;
  }
}

}  // namespace sluice::policy
