#include "policy/server/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proxy/base/unique_fd.h"

namespace sluice::policy {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

absl::Status ErrnoError(const std::string& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot read ", path));
}

}  // namespace

std::string ResolvePath(absl::string_view config, absl::string_view path) {
  const size_t slash = config.rfind('/');
  if (slash == absl::string_view::npos || path.empty() || path[0] == '/') {
    return std::string(path);
  }
  return absl::StrCat(config.substr(0, slash + 1), path);
}

absl::Status CheckDirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  struct stat info;
  if (stat(directory.c_str(), &info) != 0) {
    return absl::ErrnoToStatus(errno, directory);
  }
  if (!S_ISDIR(info.st_mode)) {
    return absl::ErrnoToStatus(ENOTDIR, directory);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> ReadSmallFile(const std::string& path) {
  // Non-blocking, so that a FIFO is refused below rather than waited for.
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return ErrnoError(path, errno);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return ErrnoError(path, errno);
  if (!S_ISREG(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot read ", path, ": not a regular file"));
  }
  std::string contents;
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = read(fd.get(), buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoError(path, errno);
    if (n == 0) return contents;
    contents.append(buffer, static_cast<size_t>(n));
    if (contents.size() > kMaxFileBytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("cannot read ", path, ": longer than 1 MiB"));
    }
  }
}

}  // namespace sluice::policy
