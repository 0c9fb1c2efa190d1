#include "proxy/transport/upstream.h"

#include <netdb.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proxy/transport/uv_error.h"

namespace sluice::transport {
namespace {

// Doubled each time, up to the other. A broker that is back is not to wait long
// for its clients, nor they for it.
constexpr uint64_t kFirstRetryMilliseconds = 50;
constexpr uint64_t kLongestRetryMilliseconds = 400;

// What a broker that is being started looks like, or that is late to accept.
bool MayPass(int error) {
  switch (error) {
    case UV_ECONNREFUSED:
    case UV_ECONNRESET:
    case UV_EHOSTUNREACH:
    case UV_ENETUNREACH:
    case UV_ENOENT:  // of a Unix socket
    case UV_EAGAIN:  // of one whose queue is full
    case UV_EAI_AGAIN:
      return true;
    default:
      return false;
  }
}

}  // namespace

Upstream::Upstream(Address at)
    : address(std::move(at)), literal(SocketAddress::FromLiteral(address)) {}

// A look-up in libuv's thread pool; frees itself when that is done with it.
struct UpstreamConnector::Lookup {
  uv_getaddrinfo_t request;
  UpstreamConnector* connector;  // null: gone
};

UpstreamConnector::UpstreamConnector(uv_loop_t* loop, const Upstream* upstream,
                                     HandlerInterface* handler)
    : loop_(loop),
      upstream_(upstream),
      handler_(handler),
      timer_(new uv_timer_t),
      retry_delay_(kFirstRetryMilliseconds) {
  uv_timer_init(loop_, timer_.get());  // cannot fail
  timer_->data = this;
}

UpstreamConnector::~UpstreamConnector() {
  if (lookup_ == nullptr) return;
  lookup_->connector = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&lookup_->request));
}

void UpstreamConnector::Start() {
  const auto timeout = static_cast<uint64_t>(
      absl::ToInt64Milliseconds(upstream_->connect_timeout));
  deadline_ = uv_now(loop_) + timeout;
  retry_until_ = uv_now(loop_) + timeout / 2;
  Attempt();
}

void UpstreamConnector::Attempt() {
  const uint64_t now = uv_now(loop_);
  uv_timer_start(timer_.get(), OnTimer, deadline_ > now ? deadline_ - now : 0,
                 0);
  if (upstream_->address.is_unix()) {
    ConnectUnix();
  } else if (upstream_->literal.has_value()) {
    addresses_ = {*upstream_->literal};
    ConnectNext();
  } else {
    Resolve();
  }
}

void UpstreamConnector::Resolve() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  auto* lookup = new Lookup{{}, this};
  lookup->request.data = lookup;
  const int result = uv_getaddrinfo(
      loop_, &lookup->request, OnResolved, upstream_->address.host.c_str(),
      absl::StrCat(upstream_->address.port).c_str(), &hints);
  if (result < 0) {
    delete lookup;
    FailLater(result);
    return;
  }
  lookup_ = lookup;
}

void UpstreamConnector::OnResolved(uv_getaddrinfo_t* request, int status,
                                   addrinfo* list) {
  auto* lookup = static_cast<Lookup*>(request->data);
  UpstreamConnector* self = lookup->connector;
  delete lookup;
  if (self != nullptr) {
    self->lookup_ = nullptr;
    for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
      self->addresses_.emplace_back(info->ai_addr);
    }
    std::reverse(self->addresses_.begin(), self->addresses_.end());
    if (status < 0) {
      self->FailLater(status);
    } else {
      self->ConnectNext();
    }
  }
  uv_freeaddrinfo(list);
}

void UpstreamConnector::ConnectNext() {
  if (addresses_.empty()) {
    FailLater(error_);
    return;
  }
  // One that does not answer leaves the others their part of the time.
  const uint64_t now = uv_now(loop_);
  const uint64_t left = deadline_ > now ? deadline_ - now : 0;
  uv_timer_start(timer_.get(), OnTimer, left / addresses_.size(), 0);
  const SocketAddress address = addresses_.back();
  addresses_.pop_back();
  ConnectTcp(address);
}

void UpstreamConnector::ConnectTcp(const SocketAddress& address) {
  auto* tcp = new uv_tcp_t;
  uv_tcp_init(loop_, tcp);  // cannot fail: makes no socket yet
  tcp->data = this;
  socket_ = ToStream(UvHandle<uv_tcp_t>(tcp));
  uv_tcp_nodelay(tcp, 1);  // noted, and set when there is a socket
  auto* request = new uv_connect_t;
  const int result = uv_tcp_connect(request, tcp, address.get(), OnConnectDone);
  if (result < 0) {
    delete request;
    error_ = result;
    ConnectNext();
  }
}

void UpstreamConnector::ConnectUnix() {
  auto* pipe = new uv_pipe_t;
  uv_pipe_init(loop_, pipe, /*ipc=*/0);  // cannot fail
  pipe->data = this;
  socket_ = ToStream(UvHandle<uv_pipe_t>(pipe));
  // Reports every failure to the callback.
  uv_pipe_connect(new uv_connect_t, pipe, upstream_->address.unix_path.c_str(),
                  OnConnectDone);
}

void UpstreamConnector::OnConnectDone(uv_connect_t* request, int status) {
  auto* self = static_cast<UpstreamConnector*>(request->handle->data);
  delete request;
  if (self == nullptr) return;  // closed meanwhile
  if (status < 0) {
    self->error_ = status;
    self->ConnectNext();
    return;
  }
  uv_timer_stop(self->timer_.get());
  self->socket_->data = nullptr;
  self->handler_->OnConnected(std::move(self->socket_));
}

void UpstreamConnector::OnTimer(uv_timer_t* timer) {
  auto* self = static_cast<UpstreamConnector*>(timer->data);
  if (std::exchange(self->retries_, false)) {
    self->Attempt();
    return;
  }
  if (self->addresses_.empty()) {
    self->handler_->OnConnected(UvError(self->error_));
    return;
  }
  self->error_ = UV_ETIMEDOUT;
  self->ConnectNext();
}

void UpstreamConnector::FailLater(int error) {
  error_ = error;
  addresses_.clear();
  socket_.reset();
  uint64_t delay = 0;
  if (const uint64_t now = uv_now(loop_);
      MayPass(error) && now < retry_until_) {
    retries_ = true;
    // The last attempt is at the end of that time.
    delay = std::min(retry_delay_, retry_until_ - now);
    retry_delay_ = std::min(2 * retry_delay_, kLongestRetryMilliseconds);
  }
  uv_timer_start(timer_.get(), OnTimer, delay, 0);
}

}  // namespace sluice::transport
