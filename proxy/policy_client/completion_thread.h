#ifndef PROXY_POLICY_CLIENT_COMPLETION_THREAD_H_
#define PROXY_POLICY_CLIENT_COMPLETION_THREAD_H_

#include <grpcpp/completion_queue.h>

#include <thread>

namespace sluice::policy_client {

// What is told when an operation of gRPC's is done that was begun with its tag.
class CompletionInterface {
 public:
  virtual ~CompletionInterface() = default;
  // `ok` is false where the operation has failed, as CompletionQueue::Next()
  // has it for its kind. On the CompletionThread; must not block.
  virtual void OnComplete(bool ok) = 0;

  void* tag() { return this; }
};

// A thread that takes the completions of all calls and streams to a policy
// service. gRPC's callbacks would come on two threads at least, of which each
// wakes the other for nearly every event.
class CompletionThread {
 public:
  CompletionThread();
  // Nothing is under way any more.
  ~CompletionThread();
  CompletionThread(const CompletionThread&) = delete;
  CompletionThread& operator=(const CompletionThread&) = delete;

  // For operations whose tags are those of completions. Any thread.
  grpc::CompletionQueue* queue() { return &queue_; }

 private:
  void Run();

  grpc::CompletionQueue queue_;
  std::thread thread_;
};

}  // namespace sluice::policy_client

#endif  // PROXY_POLICY_CLIENT_COMPLETION_THREAD_H_
