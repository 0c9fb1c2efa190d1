#include "proxy/admin_http/admin_server.h"

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proxy/base/accept_error.h"
#include "proxy/base/listening_sockets.h"

namespace sluice {
namespace {

constexpr char kPlainText[] = "text/plain; charset=utf-8";
constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";

constexpr int kMethodNotAllowed = 405;

// So many have to come, within the time that a client takes to send a request
// once it is connected, that it is not heard.
constexpr size_t kMaxConnections = 256;
// Before those that are there have their turn again.
constexpr int kAcceptsPerTurn = 64;
// After a failure to accept, which would only repeat itself, and between looks
// at whose time is over.
constexpr int kPauseMilliseconds = 100;

AdminResponse Readiness(const AdminSources& sources) {
  std::string missing = sources.missing();
  if (missing.empty()) return {200, kPlainText, "ready\n"};
  return {503, kPlainText, std::move(missing)};
}

absl::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 404:
      return "Not Found";
    case kMethodNotAllowed:
      return "Method Not Allowed";
    default:
      return "Service Unavailable";
  }
}

std::string HttpAnswer(const AdminRequest& request,
                       const AdminSources& sources) {
  const AdminResponse response =
      AnswerAdminRequest(request.method, request.path, sources);
  return absl::StrCat(
      "HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status),
      "\r\nContent-Type: ", response.content_type,
      "\r\nContent-Length: ", response.body.size(),
      response.status == kMethodNotAllowed ? "\r\nAllow: GET, HEAD" : "",
      "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
      request.method == "HEAD" ? "" : response.body);
}

}  // namespace

AdminResponse AnswerAdminRequest(absl::string_view method,
                                 absl::string_view path,
                                 const AdminSources& sources) {
  const bool known =
      path == "/healthz" || path == "/readyz" || path == "/metrics";
  if (!known) return {404, kPlainText, "not found\n"};
  if (method != "GET" && method != "HEAD") {
    return {kMethodNotAllowed, kPlainText, "method not allowed\n"};
  }
  if (path == "/healthz") return {200, kPlainText, "ok\n"};
  if (path == "/readyz") return Readiness(sources);
  return {200, kPrometheusText, sources.metrics()};
}

AdminServer::AdminServer(AdminSources sources)
    : answer_([sources = std::move(sources)](const AdminRequest& request) {
        return HttpAnswer(request, sources);
      }) {}

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(
    const Address& address, AdminSources sources) {
  std::unique_ptr<AdminServer> server(new AdminServer(std::move(sources)));
  if (absl::Status s = server->Listen(address); !s.ok()) {
    return absl::UnavailableError(absl::StrCat(
        "cannot serve admin HTTP at ", address.ToString(), ": ", s.message()));
  }
  server->thread_ = std::thread([raw = server.get()] { raw->Run(); });
  return server;
}

AdminServer::~AdminServer() {
  if (!thread_.joinable()) return;
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

absl::Status AdminServer::Listen(const Address& address) {
  stop_ = UniqueFd(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (stop_.get() < 0) return absl::UnavailableError(strerror(errno));
  absl::StatusOr<ListeningSockets> listening = ListenAtHost(address);
  if (!listening.ok()) return listening.status();
  sockets_ = std::move(listening->sockets);
  address_ = address;
  address_.port = listening->port;
  return absl::OkStatus();
}

void AdminServer::Run() {
  bool accepting = true;
  for (;;) {
    std::vector<pollfd> waiting = Waiting(accepting);
    const bool is_idle = connections_.empty() && accepting;
    poll(waiting.data(), waiting.size(), is_idle ? -1 : kPauseMilliseconds);
    if (waiting[0].revents != 0) return;
    const auto now = AdminConnection::Clock::now();
    // Those that poll() was asked of are the first of both.
    size_t i = 1 + sockets_.size();
    for (auto it = connections_.begin(); it != connections_.end(); ++i) {
      const bool is_over = waiting[i].revents != 0 ? !it->Continue(answer_, now)
                                                   : now >= it->deadline();
      it = is_over ? connections_.erase(it) : std::next(it);
    }
    accepting = true;
    for (const UniqueFd& socket : sockets_) {
      accepting = AcceptSome(socket, now) && accepting;
    }
  }
}

bool AdminServer::AcceptSome(const UniqueFd& socket,
                             AdminConnection::Clock::time_point now) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    UniqueFd client(
        accept4(socket.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (client.get() < 0) {
      if (errno == EAGAIN) return true;
      if (IsOfTheClient(errno)) continue;
      // It may be for want of descriptors.
      if (!connections_.empty()) connections_.pop_front();
      return false;
    }
    if (connections_.size() >= kMaxConnections) connections_.pop_front();
    connections_.emplace_back(std::move(client), now);
    if (!connections_.back().Continue(answer_, now)) connections_.pop_back();
  }
  return true;
}

std::vector<pollfd> AdminServer::Waiting(bool accepting) const {
  std::vector<pollfd> waiting = {{stop_.get(), POLLIN, 0}};
  for (const UniqueFd& socket : sockets_) {
    waiting.push_back({socket.get(), accepting ? short{POLLIN} : short{0}, 0});
  }
  for (const AdminConnection& connection : connections_) {
    waiting.push_back({connection.fd(), connection.events(), 0});
  }
  return waiting;
}

}  // namespace sluice
