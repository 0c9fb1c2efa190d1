#include "policy/ctl/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "proxy/base/unique_fd.h"
#include "proxy/base/utf8.h"

namespace sluice::ctl {
namespace {

constexpr size_t kMaxFileBytes = size_t{1024} * 1024;
constexpr char kStandardInput[] = "-";

absl::Status FileError(absl::string_view path, int error) {
  const std::string message = absl::StrCat(path, ": ", std::strerror(error));
  return error == EEXIST ? absl::AlreadyExistsError(message)
                         : absl::FailedPreconditionError(message);
}

bool WriteAll(int descriptor, absl::string_view contents) {
  while (!contents.empty()) {
    const ssize_t written = write(descriptor, contents.data(), contents.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    contents.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

absl::Status CreateFile(const NewFile& file) {
  const int descriptor = open(
      file.path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, file.mode);
  if (descriptor < 0) return FileError(file.path, errno);
  int error = WriteAll(descriptor, file.contents) ? 0 : errno;
  if (close(descriptor) != 0 && error == 0) error = errno;
  if (error == 0) return absl::OkStatus();
  unlink(file.path.c_str());
  return FileError(file.path, error);
}

}  // namespace

absl::Status CreateFiles(const std::vector<NewFile>& files) {
  for (size_t made = 0; made < files.size(); ++made) {
    absl::Status status = CreateFile(files[made]);
    if (status.ok()) continue;
    while (made > 0) unlink(files[--made].path.c_str());
    return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  const bool is_input = path == kStandardInput;
  const UniqueFd file(is_input ? -1 : open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const int descriptor = is_input ? STDIN_FILENO : file.get();
  if (descriptor < 0) return FileError(path, errno);
  std::string contents(kMaxFileBytes + 1, '\0');
  size_t size = 0;
  while (size < contents.size()) {
    const ssize_t got =
        read(descriptor, contents.data() + size, contents.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return FileError(path, errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  contents.resize(size);
  if (contents.size() > kMaxFileBytes) return FileError(path, EFBIG);
  return contents;
}

absl::StatusOr<std::string> ReadTextFile(const std::string& path) {
  absl::StatusOr<std::string> contents = ReadFile(path);
  if (!contents.ok()) return contents;
  int line_number = 0;
  for (const absl::string_view line : absl::StrSplit(*contents, '\n')) {
    ++line_number;
    if (IsUtf8(line)) continue;
    return absl::FailedPreconditionError(
        absl::StrCat(path, ":", line_number, ": not UTF-8"));
  }
  return contents;
}

}  // namespace sluice::ctl
