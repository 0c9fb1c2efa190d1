#include "proxy/base/listening_sockets.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proxy/base/unix_address.h"

namespace sluice {
namespace {

constexpr int kBacklog = 1024;

// NotFound where this host has no such address, or nothing of its family.
absl::Status Error(absl::string_view what) {
  const int error = errno;
  const std::string text = absl::StrCat(what, ": ", strerror(error));
  return error == EADDRNOTAVAIL || error == EAFNOSUPPORT
             ? absl::NotFoundError(text)
             : absl::UnavailableError(text);
}

absl::Status Switch(const UniqueFd& socket, int level, int option) {
  const int on = 1;
  return setsockopt(socket.get(), level, option, &on, sizeof(on)) == 0
             ? absl::OkStatus()
             : Error("setsockopt");
}

absl::StatusOr<UniqueFd> NewSocket(int family) {
  UniqueFd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return Error("socket");
  return fd;
}

absl::Status Bind(const UniqueFd& socket, const sockaddr* address,
                  socklen_t size) {
  return bind(socket.get(), address, size) == 0 ? absl::OkStatus()
                                                : Error("bind");
}

absl::Status Listen(const UniqueFd& socket) {
  return listen(socket.get(), kBacklog) == 0 ? absl::OkStatus()
                                             : Error("listen");
}

absl::StatusOr<UniqueFd> ListenAt(const addrinfo& address) {
  absl::StatusOr<UniqueFd> fd = NewSocket(address.ai_family);
  if (!fd.ok()) return fd;
  absl::Status status = Switch(*fd, SOL_SOCKET, SO_REUSEADDR);
  // Accepted sockets inherit it.
  if (status.ok()) status = Switch(*fd, IPPROTO_TCP, TCP_NODELAY);
  if (status.ok()) status = Bind(*fd, address.ai_addr, address.ai_addrlen);
  if (status.ok()) status = Listen(*fd);
  if (!status.ok()) return status;
  return fd;
}

uint16_t PortOf(const UniqueFd& socket) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof(storage);
  getsockname(socket.get(), reinterpret_cast<sockaddr*>(&storage), &size);
  if (storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port);
  }
  return ntohs(reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
}

void SetPort(uint16_t port, const addrinfo& address) {
  if (address.ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(address.ai_addr)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(address.ai_addr)->sin_port = htons(port);
  }
}

}  // namespace

absl::StatusOr<ListeningSockets> ListenAtHost(const Address& address) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const int result =
      getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(),
                  &hints, &list);
  if (result != 0) return absl::UnavailableError(gai_strerror(result));
  const absl::Cleanup free_list = [list] { freeaddrinfo(list); };
  ListeningSockets listening;
  absl::Status status;
  for (const addrinfo* found = list; found != nullptr; found = found->ai_next) {
    // With any port, all of them have that of the first.
    if (listening.port != 0) SetPort(listening.port, *found);
    absl::StatusOr<UniqueFd> fd = ListenAt(*found);
    status = fd.status();
    // A name may have an address of a family that this host has not.
    if (absl::IsNotFound(status)) continue;
    if (!status.ok()) return status;
    if (listening.port == 0) listening.port = PortOf(*fd);
    listening.sockets.push_back(*std::move(fd));
  }
  if (listening.sockets.empty()) return status;
  return listening;
}

absl::StatusOr<UniqueFd> ListenAtPath(const std::string& path) {
  const absl::optional<sockaddr_un> address = UnixAddress(path);
  if (!address.has_value()) {
    return absl::InvalidArgumentError("the path is too long");
  }
  absl::StatusOr<UniqueFd> fd = NewSocket(AF_UNIX);
  if (!fd.ok()) return fd;
  absl::Status status =
      Bind(*fd, reinterpret_cast<const sockaddr*>(&*address), sizeof(*address));
  if (!status.ok()) return status;
  status = Listen(*fd);
  if (!status.ok()) {
    unlink(path.c_str());
    return status;
  }
  return fd;
}

}  // namespace sluice
