#ifndef POLICY_SERVICE_CALL_POOL_H_
#define POLICY_SERVICE_CALL_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "grpcpp/grpcpp.h"
#include "policy/store/call_deadline.h"

namespace sluice::policy {

// Until when a call may wait for a store: a little before its caller stops
// waiting, so that it can say what it has not got.
CallDeadline::Time StoreDeadlineOf(const grpc::CallbackServerContext& context);

// Threads for calls that take their time, or wait for a store on a disk or far
// away. gRPC has as few as two of its own, which all other calls, streams and
// health checks need.
// Thread-safe.
class CallPool {
 public:
  // What calls do with the thread that they have.
  enum class Work {
    kMayWait,
    // Nothing but compute: one at a time is run where it comes from, if none
    // waits. That leaves gRPC a thread, and saves waking another, which costs
    // about as much as a decision.
    kComputes,
  };

  // `threads`: 0 where no call takes long; then everything runs where it comes
  // from. More than `max_waiting` calls do not wait for a thread.
  explicit CallPool(size_t threads, Work work = Work::kMayWait,
                    size_t max_waiting = 1000);
  // What waits is run first.
  ~CallPool();
  CallPool(const CallPool&) = delete;
  CallPool& operator=(const CallPool&) = delete;

  // The reaction to a call. Where it may be made, `call` is run with the
  // reactor, which it finishes then or later, and with StoreDeadlineOf() as the
  // thread's CallDeadline. One that may not, comes too late or is too many is
  // finished here.
  using Call = std::function<void(grpc::ServerUnaryReactor* reactor)>;
  grpc::ServerUnaryReactor* React(grpc::CallbackServerContext* context,
                                  const grpc::Status& may, Call call);

  // Runs what is left of a call that has waited for something else; always.
  void Resume(std::function<void()> call);

  // How many wait for a thread now, and how many were not run, since there were
  // too many or their turn came too late.
  size_t waiting() const;
  uint64_t too_many() const { return too_many_; }
  uint64_t too_late() const { return too_late_; }

 private:
  // Whether a call may be run where it comes from. EndHere() follows it.
  bool BeginHere();
  void EndHere();
  // False: there are too many.
  bool Post(std::function<void()> call);
  void RunThread();

  const Work work_;
  const size_t max_waiting_;
  std::atomic<uint64_t> too_many_{0};
  std::atomic<uint64_t> too_late_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  size_t idle_threads_;
  bool runs_here_ = false;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_CALL_POOL_H_
