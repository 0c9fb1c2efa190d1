#include "proxy/server/tcp_probe.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "proxy/base/unique_fd.h"
#include "proxy/base/unix_address.h"

namespace sluice::server {
namespace {

absl::Status Failed(absl::string_view reason) {
  return absl::UnavailableError(reason);
}

absl::Status FailedWith(int error) { return Failed(std::strerror(error)); }

// Between two attempts while the queue of a Unix socket is full. Over TCP the
// kernel tries again.
constexpr absl::Duration kQueueFullPause = absl::Milliseconds(20);

absl::Status TryToConnectTo(const sockaddr* address, socklen_t size,
                            absl::Duration timeout) {
  const UniqueFd fd(socket(address->sa_family,
                           SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return FailedWith(errno);
  for (absl::Duration left = timeout; connect(fd.get(), address, size) != 0;
       left -= kQueueFullPause) {
    if (errno == EINPROGRESS) break;
    if (errno != EAGAIN || left <= absl::ZeroDuration()) {
      return FailedWith(errno);
    }
    absl::SleepFor(kQueueFullPause);
  }
  pollfd waiting = {fd.get(), POLLOUT, 0};
  const auto milliseconds =
      static_cast<int>(absl::ToInt64Milliseconds(timeout));
  const int ready = poll(&waiting, 1, milliseconds);
  if (ready != 1) return FailedWith(ready == 0 ? ETIMEDOUT : errno);
  int error = 0;
  socklen_t error_size = sizeof(error);
  if (getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &error_size) != 0) {
    return FailedWith(errno);
  }
  return error == 0 ? absl::OkStatus() : FailedWith(error);
}

absl::Status TryToConnectUnix(const std::string& path, absl::Duration timeout) {
  const absl::optional<sockaddr_un> address = UnixAddress(path);
  if (!address.has_value()) return FailedWith(ENAMETOOLONG);
  return TryToConnectTo(reinterpret_cast<const sockaddr*>(&*address),
                        sizeof(*address), timeout);
}

}  // namespace

absl::Status TryToConnect(const Address& address, absl::Duration timeout) {
  if (address.is_unix()) return TryToConnectUnix(address.unix_path, timeout);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(
      address.host.c_str(), absl::StrCat(address.port).c_str(), &hints, &list);
  if (error != 0) return Failed(gai_strerror(error));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(list,
                                                             freeaddrinfo);
  absl::Status status = Failed("no address");
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    status = TryToConnectTo(entry->ai_addr, entry->ai_addrlen, timeout);
    if (status.ok()) break;
  }
  return status;
}

}  // namespace sluice::server
