#include "policy/server/acceptor.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proxy/base/accept_error.h"
#include "proxy/base/listening_sockets.h"

namespace sluice::policy {
namespace {

// After a failure, which would only repeat itself.
constexpr int kPauseMilliseconds = 100;
// Of one socket before the others, and the end, have their turn.
constexpr int kBatch = 64;
// Descriptors for all but connections: of few a quarter.
constexpr rlim_t kReserve = 64;

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Listen(
    const Address& address) {
  std::unique_ptr<Acceptor> acceptor(new Acceptor);
  acceptor->stop_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (acceptor->stop_.get() < 0) {
    return absl::UnavailableError(absl::StrCat("eventfd: ", strerror(errno)));
  }
  if (address.is_unix()) {
    absl::StatusOr<UniqueFd> socket = ListenAtPath(address.unix_path);
    if (!socket.ok()) return socket.status();
    acceptor->sockets_.push_back(*std::move(socket));
    acceptor->unix_path_ = address.unix_path;
    return acceptor;
  }
  absl::StatusOr<ListeningSockets> listening = ListenAtHost(address);
  if (!listening.ok()) return listening.status();
  acceptor->sockets_ = std::move(listening->sockets);
  acceptor->port_ = listening->port;
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
    refusals_.TellRest(*log_);
  }
  sockets_.clear();
  if (!unix_path_.empty()) unlink(unix_path_.c_str());
  unix_path_.clear();
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

bool Acceptor::IsOfTheReserve(int fd) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  // The lowest number that is free is the one that is given out.
  return static_cast<rlim_t>(fd) >=
         limit.rlim_cur - std::min(kReserve, limit.rlim_cur / 4);
}

bool Acceptor::AcceptFrom(int socket) {
  for (int i = 0; i < kBatch; ++i) {
    const int fd =
        accept4(socket, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      failing_ = false;
      if (IsOfTheReserve(fd)) {
        // First, so that whoever sees the end finds it told.
        ++refused_;
        if (refusals_.Take(absl::Now(), *log_)) {
          log_->Warning("connection_refused",
                        {{"detail", "too many descriptors are open"}});
        }
        close(fd);
        continue;
      }
      Sink::NewConnectionParameters connection;
      connection.listener_fd = socket;
      connection.fd = fd;
      sink_->HandleNewConnection(&connection);
      continue;
    }
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) return true;
    if (IsOfTheClient(error)) continue;
    if (!failing_) log_->Error("accept_failed", {{"detail", strerror(error)}});
    failing_ = true;
    return false;
  }
  return true;
}

}  // namespace sluice::policy
