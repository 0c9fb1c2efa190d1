#include "proxy/base/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/synchronization/mutex.h"
#include "proxy/base/unique_fd.h"

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

void ExitByWhetherTheyAreOpen() {
  close(STDIN_FILENO);
  close(STDERR_FILENO);
  const bool filled = FillStandardDescriptors();
  const UniqueFd next(open("/dev/null", O_RDONLY));
  _exit(filled && next.get() > STDERR_FILENO &&
                fcntl(STDIN_FILENO, F_GETFD) >= 0
            ? 0
            : 1);
}

TEST(ProcessTest, NothingIsOpenedInPlaceOfAStandardDescriptor) {
  EXPECT_EXIT(ExitByWhetherTheyAreOpen(), ::testing::ExitedWithCode(0), "");
}

TEST(ProcessTest, NobodyIsToldToWriteSecretsDown) {
  for (const char* name : {"SSLKEYLOGFILE", "GRPC_TRACE", "GRPC_VERBOSITY"}) {
    setenv(name, "x", 1);
    ForgetTracing();
    EXPECT_EQ(getenv(name), nullptr) << name;
  }
}

TEST(ProcessTest, AsManyDescriptorsAsThereMayBe) {
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  RaiseDescriptorLimit();
  rlimit raised;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &raised), 0);
  EXPECT_EQ(raised.rlim_cur, before.rlim_max);
  setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace sluice
