#include "policy/server/acceptor.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proxy/base/accept_error.h"

namespace sluice::policy {
namespace {

constexpr int kBacklog = 1024;
// After a failure, which would only repeat itself.
constexpr int kPauseMilliseconds = 100;
// Of one socket before the others, and the end, have their turn.
constexpr int kBatch = 64;

// NotFound where this host has no such address, or nothing of its family.
absl::Status Error(absl::string_view what) {
  const int error = errno;
  const std::string text = absl::StrCat(what, ": ", strerror(error));
  return error == EADDRNOTAVAIL || error == EAFNOSUPPORT
             ? absl::NotFoundError(text)
             : absl::UnavailableError(text);
}

uint16_t PortOf(int socket) {
  sockaddr_storage storage = {};
  socklen_t size = sizeof(storage);
  getsockname(socket, reinterpret_cast<sockaddr*>(&storage), &size);
  if (storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port);
  }
  return ntohs(reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Listen(
    const ListenAddress& address) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor);
  acceptor->stop_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (acceptor->stop_.get() < 0) return Error("eventfd");
  absl::Status status = address.is_unix()
                            ? acceptor->ListenAtPath(address.unix_path)
                            : acceptor->ListenAtHost(address);
  if (!status.ok()) return status;
  return acceptor;
}

Acceptor::~Acceptor() { Stop(); }

void Acceptor::Start(std::unique_ptr<Sink> sink, Logger* log) {
  sink_ = std::move(sink);
  log_ = log;
  thread_ = std::thread([this] { Run(); });
}

void Acceptor::Stop() {
  if (thread_.joinable()) {
    eventfd_write(stop_.get(), 1);
    thread_.join();
  }
  sockets_.clear();
  if (!unix_path_.empty()) unlink(unix_path_.c_str());
  unix_path_.clear();
}

absl::Status Acceptor::ListenAt(int family, const void* address,
                                unsigned int size) {
  UniqueFd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return Error("socket");
  const int on = 1;
  if (family != AF_UNIX) {
    // Accepted sockets inherit the second one.
    if (setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
        setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
      return Error("setsockopt");
    }
  }
  if (bind(fd.get(), static_cast<const sockaddr*>(address), size) != 0) {
    return Error("bind");
  }
  if (family == AF_UNIX) {
    unix_path_ = static_cast<const sockaddr_un*>(address)->sun_path;
  }
  if (listen(fd.get(), kBacklog) != 0) return Error("listen");
  sockets_.push_back(std::move(fd));
  return absl::OkStatus();
}

absl::Status Acceptor::ListenAtHost(const ListenAddress& address) {
  absl::string_view bare = address.host;
  if (absl::ConsumePrefix(&bare, "[")) absl::ConsumeSuffix(&bare, "]");
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const int result =
      getaddrinfo(std::string(bare).c_str(),
                  std::to_string(address.port).c_str(), &hints, &list);
  if (result != 0) return absl::UnavailableError(gai_strerror(result));
  const absl::Cleanup free_list = [list] { freeaddrinfo(list); };
  absl::Status status;
  for (addrinfo* found = list; found != nullptr; found = found->ai_next) {
    // With any port, all of them have that of the first.
    if (port_ != 0 && found->ai_family == AF_INET6) {
      reinterpret_cast<sockaddr_in6*>(found->ai_addr)->sin6_port = htons(port_);
    } else if (port_ != 0) {
      reinterpret_cast<sockaddr_in*>(found->ai_addr)->sin_port = htons(port_);
    }
    status = ListenAt(found->ai_family, found->ai_addr, found->ai_addrlen);
    // A name may have an address of a family that this host has not.
    if (absl::IsNotFound(status)) continue;
    if (!status.ok()) return status;
    if (port_ == 0) port_ = PortOf(sockets_.back().get());
  }
  return sockets_.empty() ? status : absl::OkStatus();
}

absl::Status Acceptor::ListenAtPath(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError("the path is too long");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  return ListenAt(AF_UNIX, &address, sizeof(address));
}

void Acceptor::Run() {
  std::vector<pollfd> waiting = {{stop_.get(), POLLIN, 0}};
  for (const UniqueFd& socket : sockets_) {
    waiting.push_back({socket.get(), POLLIN, 0});
  }
  for (;;) {
    poll(waiting.data(), waiting.size(), -1);
    if (waiting[0].revents != 0) return;
    bool failed = false;
    for (size_t i = 1; i < waiting.size(); ++i) {
      if (waiting[i].revents != 0 && !AcceptFrom(waiting[i].fd)) failed = true;
    }
    // Clients wait meanwhile, in the backlog.
    if (failed) poll(waiting.data(), 1, kPauseMilliseconds);
  }
}

bool Acceptor::AcceptFrom(int socket) {
  for (int i = 0; i < kBatch; ++i) {
    const int fd =
        accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      failing_ = false;
      Sink::NewConnectionParameters connection;
      connection.listener_fd = socket;
      connection.fd = fd;
      sink_->HandleNewConnection(&connection);
      continue;
    }
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) return true;
    if (IsOfTheClient(error)) continue;
    if (!failing_ && log_ != nullptr) {
      log_->Error("accept_failed", {{"detail", strerror(error)}});
    }
    failing_ = true;
    return false;
  }
  return true;
}

}  // namespace sluice::policy
