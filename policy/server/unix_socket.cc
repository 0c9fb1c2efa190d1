#include "policy/server/unix_socket.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "proxy/base/unique_fd.h"
#include "proxy/base/unix_address.h"

namespace sluice::policy {

absl::Status RemoveStaleSocket(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return absl::ErrnoToStatus(errno, path);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " exists and is not a socket"));
  }
  const absl::optional<sockaddr_un> address = UnixAddress(path);
  if (!address.has_value()) {
    return absl::InvalidArgumentError(absl::StrCat(path, " is too long"));
  }
  // Non-blocking: a live server with a full backlog yields EAGAIN.
  const UniqueFd fd(
      socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (fd.get() < 0) return absl::ErrnoToStatus(errno, "socket");
  const int connected = connect(
      fd.get(), reinterpret_cast<const sockaddr*>(&*address), sizeof(*address));
  if (connected == 0 || errno == EAGAIN) {
    return absl::AlreadyExistsError(
        absl::StrCat(path, " is in use by another process"));
  }
  if (errno != ECONNREFUSED) return absl::ErrnoToStatus(errno, path);
  if (unlink(path.c_str()) != 0 && errno != ENOENT) {
    return absl::ErrnoToStatus(errno, path);
  }
  return absl::OkStatus();
}

}  // namespace sluice::policy
