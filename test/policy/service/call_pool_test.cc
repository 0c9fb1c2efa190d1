#include "policy/service/call_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "proto/sluice/policy/v1/policy.grpc.pb.h"

namespace sluice::policy {
namespace {

using grpc::StatusCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

// Each call waits where it is run until the gate is opened, as for a store.
class SlowService final : public v1::PolicyService::CallbackService {
 public:
  explicit SlowService(CallPool* pool) : pool_(pool) {}

  grpc::ServerUnaryReactor* Authenticate(grpc::CallbackServerContext* context,
                                         const v1::AuthenticateRequest*,
                                         v1::AuthenticateResponse*) override {
    const std::thread::id here = std::this_thread::get_id();
    return pool_->React(context, grpc::Status::OK, [this, here](auto* reactor) {
      std::unique_lock<std::mutex> lock(mutex_);
      ++begun_;
      begun_here_ += std::this_thread::get_id() == here;
      limited_ =
          CallDeadline::Current() < CallDeadline::Time::max() - seconds(1);
      changed_.notify_all();
      changed_.wait(lock, [this] { return open_; });
      reactor->Finish(grpc::Status::OK);
    });
  }
  // What needs no store.
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context,
                                  const v1::CheckRequest*,
                                  v1::CheckResponse*) override {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }

  void WaitForBegun(int calls) {
    std::unique_lock<std::mutex> lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, seconds(20), [&] { return begun_ >= calls; }));
  }
  void Open() {
    const std::lock_guard<std::mutex> lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int begun() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return begun_;
  }
  // On the threads they came from.
  int begun_here() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return begun_here_;
  }
  bool limited() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return limited_;
  }

 private:
  CallPool* const pool_;
  std::mutex mutex_;
  std::condition_variable changed_;
  int begun_ = 0;
  int begun_here_ = 0;
  bool open_ = false;
  bool limited_ = false;
};

class CallPoolTest : public ::testing::Test {
 protected:
  static constexpr size_t kThreads = 3;
  static constexpr size_t kMaxWaiting = 2;

  explicit CallPoolTest(CallPool::Work work = CallPool::Work::kMayWait)
      : pool_(kThreads, work, kMaxWaiting) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::PolicyService::NewStub(server_->InProcessChannel({}));
  }
  ~CallPoolTest() override {
    service_.Open();
    for (std::thread& caller : callers_) caller.join();
    server_->Shutdown();
  }

  StatusCode Call(milliseconds timeout = seconds(20)) {
    grpc::ClientContext context;
    context.set_deadline(system_clock::now() + timeout);
    v1::AuthenticateResponse response;
    return stub_->Authenticate(&context, {}, &response).error_code();
  }
  void CallApart() {
    callers_.emplace_back([this] { good_ += Call() == StatusCode::OK; });
  }

  CallPool pool_;
  SlowService service_{&pool_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::PolicyService::Stub> stub_;
  std::vector<std::thread> callers_;
  std::atomic<int> good_{0};
};

TEST_F(CallPoolTest, CallsThatWaitLeaveGrpcItsThreads) {
  for (size_t i = 0; i < kThreads; ++i) CallApart();
  service_.WaitForBegun(kThreads);
  grpc::ClientContext context;
  context.set_deadline(system_clock::now() + seconds(10));
  v1::CheckResponse response;
  EXPECT_TRUE(stub_->Check(&context, {}, &response).ok());
  EXPECT_TRUE(service_.limited());
  service_.Open();
  EXPECT_EQ(Call(), StatusCode::OK);
}

TEST_F(CallPoolTest, OneThatIsTooManyIsToldSo) {
  for (size_t i = 0; i < kThreads; ++i) CallApart();
  service_.WaitForBegun(kThreads);
  // Which of these come first is not known; so many find a place.
  std::atomic<int> refused{0};
  std::vector<std::thread> more;
  for (size_t i = 0; i < kMaxWaiting + 3; ++i) {
    more.emplace_back(
        [&] { refused += Call() == StatusCode::RESOURCE_EXHAUSTED; });
  }
  while (refused < 3) std::this_thread::yield();
  EXPECT_EQ(pool_.waiting(), kMaxWaiting);
  service_.Open();
  for (std::thread& thread : more) thread.join();
  EXPECT_EQ(refused, 3);
  EXPECT_EQ(pool_.too_many(), 3u);
  EXPECT_EQ(pool_.waiting(), 0u);
}

TEST_F(CallPoolTest, WhatComesTooLateIsNotBegun) {
  for (size_t i = 0; i < kThreads; ++i) CallApart();
  service_.WaitForBegun(kThreads);
  EXPECT_EQ(Call(milliseconds(200)), StatusCode::DEADLINE_EXCEEDED);
  // The server's idea of the deadline may be a little later.
  const auto certainly = system_clock::now() + milliseconds(50);
  while (system_clock::now() < certainly) std::this_thread::yield();
  service_.Open();
  EXPECT_EQ(Call(), StatusCode::OK);
  EXPECT_EQ(service_.begun(), static_cast<int>(kThreads) + 1);
  EXPECT_EQ(pool_.too_late(), 1u);
}

// Less than is kept back from the store: what needs none is done all the same.
TEST_F(CallPoolTest, CallersMayHaveLittleTime) {
  service_.Open();
  int calls = 0;
  while (Call(milliseconds(60)) != StatusCode::OK && ++calls < 50) {
  }
  EXPECT_LT(calls, 50);
}

TEST_F(CallPoolTest, NoCallRunsWhereItComesFrom) {
  service_.Open();
  EXPECT_EQ(Call(), StatusCode::OK);
  EXPECT_EQ(service_.begun_here(), 0);
}

TEST_F(CallPoolTest, WhatWaitsIsRunAtTheEnd) {
  int run = 0;
  {
    CallPool pool(1);
    for (int i = 0; i < 100; ++i) pool.Resume([&run] { ++run; });
  }
  EXPECT_EQ(run, 100);
}

class CallPoolThatComputesTest : public CallPoolTest {
 protected:
  CallPoolThatComputesTest() : CallPoolTest(CallPool::Work::kComputes) {}
};

TEST_F(CallPoolThatComputesTest, OneCallRunsWhereItComesFrom) {
  for (size_t i = 0; i < kThreads + 1; ++i) CallApart();
  service_.WaitForBegun(kThreads + 1);
  EXPECT_EQ(service_.begun_here(), 1);
  EXPECT_EQ(pool_.waiting(), 0u);
  // gRPC has a thread all the same.
  grpc::ClientContext context;
  context.set_deadline(system_clock::now() + seconds(10));
  v1::CheckResponse response;
  EXPECT_TRUE(stub_->Check(&context, {}, &response).ok());
}

TEST_F(CallPoolThatComputesTest, OneAfterTheOtherTheyAllDo) {
  service_.Open();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Call(), StatusCode::OK);
  EXPECT_EQ(service_.begun_here(), 5);
}

TEST_F(CallPoolThatComputesTest, OneThatIsTooManyIsToldSo) {
  for (size_t i = 0; i < kThreads + 1; ++i) CallApart();
  service_.WaitForBegun(kThreads + 1);
  for (size_t i = 0; i < kMaxWaiting; ++i) CallApart();
  while (pool_.waiting() < kMaxWaiting) std::this_thread::yield();
  EXPECT_EQ(Call(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(pool_.too_many(), 1u);
  EXPECT_EQ(service_.begun_here(), 1);
}

TEST(CallPoolWithoutThreadsTest, RunsWhereItIsCalled) {
  CallPool pool(0);
  const std::thread::id here = std::this_thread::get_id();
  std::thread::id there;
  pool.Resume([&there] { there = std::this_thread::get_id(); });
  EXPECT_EQ(there, here);
}

}  // namespace
}  // namespace sluice::policy
