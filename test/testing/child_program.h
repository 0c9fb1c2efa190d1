#ifndef TEST_TESTING_CHILD_PROGRAM_H_
#define TEST_TESTING_CHILD_PROGRAM_H_

#include <sys/types.h>

#include <cstdio>
#include <string>
#include <vector>

#include "nlohmann/json.hpp"

namespace sluice::testing {

// A program under test as a child process, killed at the end of its life.
// Standard output and error come by one pipe.
class ChildProgram {
 public:
  // `path` is relative to the test's directory, "proxy/sluice-proxy".
  ChildProgram(std::string path, std::vector<std::string> arguments);
  ~ChildProgram();
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;

  // SIGSTOP has stopped it when this returns.
  void Signal(int number);

  // The next line, without its end; "" at the end of the output.
  std::string ReadLine();
  // Reads until the log has `event` and returns it; fails at the end.
  nlohmann::json ReadEvent(const std::string& event);
  std::string ReadRest();

  // Waits for the end: the exit status, or minus the signal.
  int Wait();

 private:
  pid_t pid_ = -1;
  FILE* output_ = nullptr;
};

}  // namespace sluice::testing

#endif  // TEST_TESTING_CHILD_PROGRAM_H_
