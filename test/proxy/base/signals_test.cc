#include "proxy/base/signals.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

namespace sluice {
namespace {

constexpr int kCannotShow = 98;
constexpr int kStillThere = 99;
constexpr int kPatienceMs = 5'000;

// What a process ends with that was told to quit at the next signal, and gets
// that. It runs `before` first, which may make another process of it.
int EndOf(int number, const std::function<void()>& before) {
  const pid_t child = fork();
  if (child == 0) {
    before();
    BlockSignals();
    QuitAtNextSignal();
    kill(getpid(), number);
    poll(nullptr, 0, kPatienceMs);
    _exit(kStillThere);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

TEST(SignalsTest, TheNextOneEndsTheProcessAsTheSystemDoes) {
  for (const int number : {SIGTERM, SIGINT}) {
    const int status = EndOf(number, [] {});
    ASSERT_TRUE(WIFSIGNALED(status));
    EXPECT_EQ(WTERMSIG(status), number);
  }
}

// The first process of a container, for which the system does nothing.
TEST(SignalsTest, TheNextOneEndsTheFirstProcessOfAContainer) {
  const int status = EndOf(SIGTERM, [] {
    if (unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0) _exit(kCannotShow);
    const pid_t first = fork();
    if (first == 0) return;
    int end = 0;
    waitpid(first, &end, 0);
    _exit(WIFEXITED(end) ? WEXITSTATUS(end) : 1);
  });
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == kCannotShow) {
    GTEST_SKIP() << "no namespaces to be had";
  }
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
}

}  // namespace
}  // namespace sluice
