#include "proxy/transport/listener.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proxy/base/accept_error.h"
#include "proxy/transport/write_queue.h"

namespace sluice::transport {
namespace {

constexpr int kBacklog = 4096;
// In one turn, so that a flood of clients leaves time for those that are in.
constexpr int kAcceptsPerTurn = 4;
// After a failure, as for want of descriptors, which would only repeat itself.
constexpr uint64_t kPauseMilliseconds = 100;

absl::StatusOr<SocketAddress> Resolve(const Address& address) {
  if (auto literal = SocketAddress::FromLiteral(address)) return *literal;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const int result = getaddrinfo(address.host.c_str(), nullptr, &hints, &list);
  if (result != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat(address.ToString(), ": ", gai_strerror(result)));
  }
  SocketAddress found(list->ai_addr);
  freeaddrinfo(list);
  found.set_port(address.port);
  return found;
}

// What failed at an address, by errno.
absl::Status ErrorAt(const SocketAddress& address, const char* what) {
  return absl::UnavailableError(
      absl::StrCat(address.ToString(), ": ", what, ": ",
                   uv_strerror(uv_translate_sys_error(errno))));
}

absl::StatusOr<UniqueFd> BindOne(const SocketAddress& address) {
  UniqueFd fd(
      socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return ErrorAt(address, "socket");
  const int on = 1;
  // Accepted sockets inherit the last one.
  if (setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
      setsockopt(fd.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
      setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
    return ErrorAt(address, "setsockopt");
  }
  if (bind(fd.get(), address.get(), address.size()) != 0) {
    return ErrorAt(address, "bind");
  }
  return fd;
}

// A probe: SO_REUSEPORT would let a second proxy share the port unnoticed.
absl::Status CheckFree(const SocketAddress& address) {
  if (address.port() == 0) return absl::OkStatus();
  UniqueFd fd(socket(address.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return ErrorAt(address, "socket");
  const int on = 1;
  setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  return bind(fd.get(), address.get(), address.size()) == 0
             ? absl::OkStatus()
             : ErrorAt(address, "bind");
}

}  // namespace

absl::StatusOr<ListeningSockets> ListeningSockets::Bind(const Address& address,
                                                        size_t count) {
  absl::StatusOr<SocketAddress> resolved = Resolve(address);
  if (!resolved.ok()) return resolved.status();
  absl::Status free = CheckFree(*resolved);
  if (!free.ok()) return free;
  ListeningSockets result;
  result.address = *resolved;
  for (size_t i = 0; i < count; ++i) {
    absl::StatusOr<UniqueFd> fd = BindOne(result.address);
    if (!fd.ok()) return fd.status();
    if (i == 0) result.address = SocketAddress::OfSocket(fd->get());
    result.sockets.push_back(*std::move(fd));
  }
  return result;
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Create(
    EventLoop* loop, UniqueFd socket, HandlerInterface* handler) {
  if (listen(socket.get(), kBacklog) != 0) {
    return ErrorAt(SocketAddress::OfSocket(socket.get()), "listen");
  }
  std::unique_ptr<Listener> listener(
      new Listener(loop, std::move(socket), handler));
  listener->Resume();
  return listener;
}

Listener::Listener(EventLoop* loop, UniqueFd socket, HandlerInterface* handler)
    : socket_(std::move(socket)),
      handler_(handler),
      poll_(new uv_poll_t),
      pause_(new uv_timer_t) {
  // Fails for descriptors that epoll does not take; sockets it does.
  uv_poll_init(loop->uv(), poll_.get(), socket_.get());
  poll_->data = this;
  uv_timer_init(loop->uv(), pause_.get());
  pause_->data = this;
}

Listener::~Listener() {
  // Before the descriptor is closed, so that no event finds its number reused.
  poll_.reset();
}

void Listener::Resume() {
  uv_poll_start(poll_.get(), UV_READABLE, [](uv_poll_t* poll, int, int) {
    static_cast<Listener*>(poll->data)->AcceptSome();
  });
}

void Listener::AcceptSome() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage storage;
    socklen_t size = sizeof(storage);
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    UniqueFd client(
        accept4(socket_.get(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client.get() >= 0) {
      handler_->OnAccept(this, std::move(client), SocketAddress(address));
      continue;
    }
    const int error = errno;
    if (error == EAGAIN) return;
    if (IsOfTheClient(error)) continue;
    handler_->OnAcceptFailure(error);
    Pause();
    return;
  }
}

void Listener::Pause() {
  uv_poll_stop(poll_.get());
  uv_timer_start(
      pause_.get(),
      [](uv_timer_t* timer) { static_cast<Listener*>(timer->data)->Resume(); },
      kPauseMilliseconds, 0);
}

}  // namespace sluice::transport
