#include "test/testing/child_program.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

namespace sluice::testing {

ChildProgram::ChildProgram(std::string path,
                           std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), std::move(path));
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  EXPECT_EQ(
      posix_spawn(&pid_, argv[0], &actions, nullptr, argv.data(), environ), 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  output_ = fdopen(ends[0], "r");
}

ChildProgram::~ChildProgram() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  fclose(output_);
}

void ChildProgram::Signal(int number) {
  EXPECT_EQ(kill(pid_, number), 0);
  // Its threads go on for a moment.
  if (number == SIGSTOP) {
    EXPECT_EQ(waitpid(pid_, nullptr, WUNTRACED), pid_);
  }
}

std::string ChildProgram::ReadLine() {
  std::string line;
  for (int c = fgetc(output_); c != EOF && c != '\n'; c = fgetc(output_)) {
    line.push_back(static_cast<char>(c));
  }
  return line;
}

nlohmann::json ChildProgram::ReadEvent(const std::string& event) {
  for (std::string line = ReadLine(); !line.empty(); line = ReadLine()) {
    const auto json = nlohmann::json::parse(line, nullptr, false);
    if (json.is_object() && json.value("event", "") == event) return json;
  }
  ADD_FAILURE() << "the log ends without " << event;
  return nlohmann::json::object();
}

std::string ChildProgram::ReadRest() {
  std::string rest;
  for (int c = fgetc(output_); c != EOF; c = fgetc(output_)) {
    rest.push_back(static_cast<char>(c));
  }
  return rest;
}

int ChildProgram::Wait() {
  int status = 0;
  EXPECT_EQ(waitpid(pid_, &status, 0), pid_);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace sluice::testing
