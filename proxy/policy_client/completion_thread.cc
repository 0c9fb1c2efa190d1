#include "proxy/policy_client/completion_thread.h"

#include <sys/prctl.h>

namespace sluice::policy_client {

CompletionThread::CompletionThread() : thread_([this] { Run(); }) {}

CompletionThread::~CompletionThread() {
  queue_.Shutdown();
  thread_.join();
}

void CompletionThread::Run() {
  prctl(PR_SET_NAME, "completions");
  void* tag;
  bool ok;
  while (queue_.Next(&tag, &ok)) {
    static_cast<CompletionInterface*>(tag)->OnComplete(ok);
  }
}

}  // namespace sluice::policy_client
