#include "proxy/server/tcp_probe.h"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "proxy/base/unique_fd.h"
#include "proxy/base/unix_address.h"

namespace sluice::server {
namespace {

bool CanConnectTo(const sockaddr* address, socklen_t size,
                  absl::Duration timeout) {
  const UniqueFd fd(socket(address->sa_family,
                           SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return false;
  if (connect(fd.get(), address, size) == 0) return true;
  if (errno != EINPROGRESS) return false;
  pollfd waiting = {fd.get(), POLLOUT, 0};
  const auto milliseconds =
      static_cast<int>(absl::ToInt64Milliseconds(timeout));
  if (poll(&waiting, 1, milliseconds) != 1) return false;
  int error = 0;
  socklen_t error_size = sizeof(error);
  return getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &error_size) == 0 &&
         error == 0;
}

bool CanConnectUnix(const std::string& path, absl::Duration timeout) {
  const absl::optional<sockaddr_un> address = UnixAddress(path);
  return address.has_value() &&
         CanConnectTo(reinterpret_cast<const sockaddr*>(&*address),
                      sizeof(*address), timeout);
}

}  // namespace

bool CanConnect(const Address& address, absl::Duration timeout) {
  if (address.is_unix()) return CanConnectUnix(address.unix_path, timeout);
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (getaddrinfo(address.host.c_str(), absl::StrCat(address.port).c_str(),
                  &hints, &list) != 0) {
    return false;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(list,
                                                             freeaddrinfo);
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    if (CanConnectTo(entry->ai_addr, entry->ai_addrlen, timeout)) return true;
  }
  return false;
}

}  // namespace sluice::server
