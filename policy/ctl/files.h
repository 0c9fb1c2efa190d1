#ifndef POLICY_CTL_FILES_H_
#define POLICY_CTL_FILES_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sluice::ctl {

// A file that is to be made.
struct NewFile {
  std::string path;
  std::string contents;
  mode_t mode = 0600;
};

// Makes all of `files` or none. A file never exists with a wider mode than its
// own, and none is overwritten: where one exists, also as a symbolic link,
// AlreadyExists. Other failures are FailedPrecondition. Messages name the path
// and hold nothing of the contents.
absl::Status CreateFiles(const std::vector<NewFile>& files);

// The contents of a file of 1 MiB at most, "-" being standard input;
// FailedPrecondition, naming the path, where it cannot be read.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// The same of text. FailedPrecondition, "FILE:LINE: not UTF-8", where it is
// none.
absl::StatusOr<std::string> ReadTextFile(const std::string& path);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_FILES_H_
