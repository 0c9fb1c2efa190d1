#include "proxy/base/process.h"

#include <gtest/gtest.h>

#include "absl/synchronization/mutex.h"

namespace sluice {
namespace {

// Each order is fine as long as no two threads use them at once.
void LockInBothOrders() {
  absl::Mutex a, b;
  {
    absl::MutexLock first(&a);
    absl::MutexLock second(&b);
  }
  absl::MutexLock first(&b);
  absl::MutexLock second(&a);
}

TEST(ProcessTest, AnOrderOfLocksDoesNotEndTheProcess) {
  SkipDeadlockDetection();
  LockInBothOrders();
}

}  // namespace
}  // namespace sluice
