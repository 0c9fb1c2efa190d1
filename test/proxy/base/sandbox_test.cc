#include "proxy/base/sandbox.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>

namespace sluice {
namespace {

// The rest of this process goes on without it.
template <typename Function>
int StatusInSandbox(Function function) {
  const pid_t child = fork();
  if (child == 0) {
    if (!EnterSandbox().ok()) _exit(100);
    _exit(function());
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << status;
  return WEXITSTATUS(status);
}

// 0 where `result` is a failure with EPERM.
int Forbidden(long result) { return result == -1 && errno == EPERM ? 0 : 1; }

TEST(SandboxTest, NoOtherProgramOrProcessIsStarted) {
  EXPECT_EQ(StatusInSandbox([] {
              char name[] = "/bin/true";
              char* const arguments[] = {name, nullptr};
              return Forbidden(execve(name, arguments, nullptr));
            }),
            0);
  EXPECT_EQ(StatusInSandbox([] {
              const pid_t child = fork();
              if (child == 0) _exit(0);
              return Forbidden(child);
            }),
            0);
  EXPECT_EQ(
      StatusInSandbox([] { return popen("true", "r") == nullptr ? 0 : 1; }), 0);
}

TEST(SandboxTest, WhatAnIntruderWouldDoIsForbidden) {
  EXPECT_EQ(StatusInSandbox([] {
              return Forbidden(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
            }),
            0);
  EXPECT_EQ(StatusInSandbox(
                [] { return Forbidden(mount("a", "/", "tmpfs", 0, "")); }),
            0);
  EXPECT_EQ(StatusInSandbox([] { return Forbidden(unshare(CLONE_NEWUSER)); }),
            0);
  EXPECT_EQ(StatusInSandbox([] { return Forbidden(setuid(0)); }), 0);
}

TEST(SandboxTest, ThreadsAreHeldToItAndServersWork) {
  EXPECT_EQ(StatusInSandbox([] {
              int status = 1;
              std::thread thread([&status] {
                status = Forbidden(setuid(0));
                const int fd = socket(AF_INET, SOCK_STREAM, 0);
                if (fd < 0) status = 2;
                close(fd);
                if (!std::ifstream("/proc/self/status").good()) status = 3;
              });
              thread.join();
              return status;
            }),
            0);
}

TEST(SandboxTest, CapabilitiesAreGone) {
  EXPECT_EQ(StatusInSandbox([] {
              std::ifstream file("/proc/self/status");
              std::string word;
              int checked = 0;
              while (file >> word) {
                if (word != "CapEff:" && word != "CapPrm:") continue;
                file >> word;
                // CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_NET_BIND_SERVICE.
                if ((std::stoull(word, nullptr, 16) & ~0x406ULL) != 0) return 1;
                ++checked;
              }
              return checked == 2 ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace sluice
