// Part of what is built with --config=tsan, and of nothing else.
//
// Debian's gRPC and abseil are not instrumented, so ThreadSanitizer does not
// see how they order what one thread does before what another does: it would
// report each object that gRPC hands over. The functions with which they do so
// are defined here, in front of theirs (an executable's symbols come before
// those of its libraries): they tell ThreadSanitizer, and call the real ones.

#include <dlfcn.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);

namespace {

// The function of a library that the caller stands in front of.
template <typename Function>
class Next {
 public:
  explicit constexpr Next(const char* symbol) : symbol_(symbol) {}

  Function* get() {
    void* found = found_.load(std::memory_order_acquire);
    if (found == nullptr) {
      found = dlsym(RTLD_NEXT, symbol_);
      if (found == nullptr) {
        // The names hold those of Debian 12's versions.
        std::fprintf(stderr, "tsan_grpc.cc: no library has %s\n", symbol_);
        std::abort();
      }
      found_.store(found, std::memory_order_release);
    }
    return reinterpret_cast<Function*>(found);
  }

 private:
  const char* const symbol_;
  std::atomic<void*> found_{nullptr};
};

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

namespace {
Next<void(Mutex*)> next_lock("_ZN4absl7debian35Mutex4LockEv");
Next<void(Mutex*)> next_unlock("_ZN4absl7debian35Mutex6UnlockEv");
Next<bool(Mutex*)> next_try_lock("_ZN4absl7debian35Mutex7TryLockEv");
Next<void(Mutex*)> next_reader_lock("_ZN4absl7debian35Mutex10ReaderLockEv");
Next<void(Mutex*)> next_reader_unlock("_ZN4absl7debian35Mutex12ReaderUnlockEv");
Next<void(CondVar*, Mutex*)> next_wait(
    "_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE");
Next<bool(CondVar*, Mutex*, Duration)> next_wait_with_timeout(
    "_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE");
Next<bool(CondVar*, Mutex*, Time)> next_wait_with_deadline(
    "_ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE");
}  // namespace

void Mutex::Lock() {
  next_lock.get()(this);
  __tsan_acquire(this);
}

void Mutex::Unlock() {
  __tsan_release(this);
  next_unlock.get()(this);
}

bool Mutex::TryLock() {
  if (!next_try_lock.get()(this)) return false;
  __tsan_acquire(this);
  return true;
}

void Mutex::ReaderLock() {
  next_reader_lock.get()(this);
  __tsan_acquire(this);
}

void Mutex::ReaderUnlock() {
  __tsan_release(this);
  next_reader_unlock.get()(this);
}

void CondVar::Wait(Mutex* mutex) {
  __tsan_release(mutex);
  next_wait.get()(this, mutex);
  __tsan_acquire(mutex);
}

bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  __tsan_release(mutex);
  const bool timed_out = next_wait_with_timeout.get()(this, mutex, timeout);
  __tsan_acquire(mutex);
  return timed_out;
}

bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  __tsan_release(mutex);
  const bool timed_out = next_wait_with_deadline.get()(this, mutex, deadline);
  __tsan_acquire(mutex);
  return timed_out;
}

ABSL_NAMESPACE_END
}  // namespace absl

// gRPC's queues and locks without a mutex. The headers that declare them are
// not installed.
struct grpc_closure;

namespace grpc_core {

class MultiProducerSingleConsumerQueue {
 public:
  struct Node;
  bool Push(Node* node);
  Node* Pop();
  Node* PopAndCheckEnd(bool* empty);
};

class CallCombiner {
 public:
  void Start(grpc_closure* closure, absl::Status error, const char* file,
             int line, const char* reason);
  void Stop(const char* file, int line, const char* reason);
};

namespace {
using Queue = MultiProducerSingleConsumerQueue;
Next<bool(Queue*, Queue::Node*)> next_push(
    "_ZN9grpc_core32MultiProducerSingleConsumerQueue4PushEPNS0_4NodeE");
Next<Queue::Node*(Queue*)> next_pop(
    "_ZN9grpc_core32MultiProducerSingleConsumerQueue3PopEv");
Next<Queue::Node*(Queue*, bool*)> next_pop_and_check_end(
    "_ZN9grpc_core32MultiProducerSingleConsumerQueue14PopAndCheckEndEPb");
Next<void(CallCombiner*, grpc_closure*, absl::Status, const char*, int,
          const char*)>
    next_start(
        "_ZN9grpc_core12CallCombiner5StartEP12grpc_closureN4absl7debian36Status"
        "EPKciS7_");
Next<void(CallCombiner*, const char*, int, const char*)> next_stop(
    "_ZN9grpc_core12CallCombiner4StopEPKciS2_");
}  // namespace

bool MultiProducerSingleConsumerQueue::Push(Node* node) {
  __tsan_release(this);
  return next_push.get()(this, node);
}

MultiProducerSingleConsumerQueue::Node*
MultiProducerSingleConsumerQueue::Pop() {
  Node* const node = next_pop.get()(this);
  __tsan_acquire(this);
  return node;
}

MultiProducerSingleConsumerQueue::Node*
MultiProducerSingleConsumerQueue::PopAndCheckEnd(bool* empty) {
  Node* const node = next_pop_and_check_end.get()(this, empty);
  __tsan_acquire(this);
  return node;
}

// What these let go on runs later, in the same thread.
void CallCombiner::Start(grpc_closure* closure, absl::Status error,
                         const char* file, int line, const char* reason) {
  __tsan_release(this);
  next_start.get()(this, closure, std::move(error), file, line, reason);
  __tsan_acquire(this);
}

void CallCombiner::Stop(const char* file, int line, const char* reason) {
  __tsan_release(this);
  next_stop.get()(this, file, line, reason);
  __tsan_acquire(this);
}

}  // namespace grpc_core
