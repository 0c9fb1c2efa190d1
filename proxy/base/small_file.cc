#include "proxy/base/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proxy/base/unique_fd.h"

namespace sluice {
namespace {

constexpr size_t kMaxFileBytes = 1 << 20;

absl::Status ErrnoError(const std::string& path, int error) {
  return absl::ErrnoToStatus(error, absl::StrCat("cannot read ", path));
}

absl::Status TooLong(const std::string& path) {
  return absl::InvalidArgumentError(
      absl::StrCat("cannot read ", path, ": longer than 1 MiB"));
}

}  // namespace

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
  if (info.st_size > static_cast<off_t>(kMaxFileBytes)) return TooLong(path);
  // One byte more shows the end, or that the file has grown meanwhile.
  std::string contents(static_cast<size_t>(info.st_size) + 1, '\0');
  size_t size = 0;
  for (;;) {
    if (size == contents.size()) {
      explicit_bzero(contents.data(), contents.size());
      return absl::UnavailableError(
          absl::StrCat("cannot read ", path, ": it is being written to"));
    }
    const ssize_t n =
        read(fd.get(), contents.data() + size, contents.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      explicit_bzero(contents.data(), contents.size());
      return ErrnoError(path, error);
    }
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  contents.resize(size);
  return contents;
}

}  // namespace sluice
