#include "proxy/transport/stream.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <utility>

#include "proxy/transport/uv_error.h"

namespace sluice::transport {
namespace {

constexpr int kProbeAfterSeconds = 30;
constexpr int kProbeSeconds = 10;
constexpr int kProbes = 3;

}  // namespace

Stream::Stream(UvStream socket, HandlerInterface* handler)
    : socket_(std::move(socket)),
      handler_(handler),
      queue_(socket_.get(), this) {
  socket_->data = this;
}

void Stream::SetReading(bool reading) {
  if (reading == reading_ || ended_) return;
  reading_ = reading;
  if (!reading) {
    uv_read_stop(socket_.get());
    return;
  }
  // Fails only for streams that are closing or not connected.
  uv_read_start(
      socket_.get(),
      [](uv_handle_t* handle, size_t, uv_buf_t* buffer) {
        auto* self = static_cast<Stream*>(handle->data);
        if (std::exchange(self->filled_, false)) {
          *buffer = uv_buf_init(nullptr, 0);  // ends the turn
          return;
        }
        const absl::Span<uint8_t> space = self->handler_->OnReadable(self);
        *buffer = uv_buf_init(reinterpret_cast<char*>(space.data()),
                              static_cast<unsigned>(space.size()));
      },
      [](uv_stream_t* socket, ssize_t result, const uv_buf_t* buffer) {
        if (result == UV_ENOBUFS) return;
        auto* self = static_cast<Stream*>(socket->data);
        self->filled_ = result == static_cast<ssize_t>(buffer->len);
        self->OnReadResult(result);
      });
}

bool Stream::PeerHasEnded() const {
  if (ended_) return true;
  pollfd events{fd(), POLLRDHUP, 0};
  return poll(&events, 1, 0) > 0;
}

void Stream::ProbePeer(bool probe) {
  if (socket_->type != UV_TCP) return;  // else it cannot go without a word
  const auto set = [fd = fd()](int level, int option, int value) {
    setsockopt(fd, level, option, &value, sizeof(value));
  };
  set(IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfterSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kProbeSeconds);
  set(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  set(SOL_SOCKET, SO_KEEPALIVE, probe ? 1 : 0);
}

void Stream::LimitSendBuffer(int bytes) {
  setsockopt(fd(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

int64_t Stream::Progress() const {
  int in_socket = 0;
  ioctl(fd(), SIOCOUTQ, &in_socket);
  return static_cast<int64_t>(queue_.taken_later()) - in_socket;
}

absl::StatusOr<size_t> Stream::Write(absl::Span<const ByteView> pieces) {
  if (finishing_) return 0;
  absl::StatusOr<size_t> moved = queue_.Write(pieces);
  if (!moved.ok()) BreakWriting();
  return moved;
}

SocketAddress Stream::LocalAddress() const {
  return SocketAddress::OfSocket(fd());
}

void Stream::FinishWriting() {
  finishing_ = true;
  if (queue_.size() == 0) SendFin();
}

void Stream::OnWriteProgress(absl::Status status) {
  if (!status.ok()) {
    BreakWriting();
  } else if (finishing_ && queue_.size() == 0) {
    SendFin();
  }
  handler_->OnWriteProgress(this, std::move(status));
}

void Stream::OnReadResult(ssize_t result) {
  if (result > 0) {
    received_ += static_cast<uint64_t>(result);
    handler_->OnRead(this, static_cast<size_t>(result));
  } else if (result < 0) {
    SetReading(false);
    ended_ = true;
    if (result != UV_EOF) finishing_ = finished_ = true;
    handler_->OnEnd(this, result == UV_EOF ? absl::OkStatus()
                                           : UvError(static_cast<int>(result)));
  }
}

// What the peer said before it ended, why maybe, lies in the socket still. The
// shutdown makes sure that its end comes behind it.
void Stream::BreakWriting() {
  finishing_ = finished_ = true;
  shutdown(fd(), SHUT_RDWR);
}

void Stream::SendFin() {
  if (finished_) return;
  finished_ = true;
  // Nothing is queued, so the system's own call does, without a request.
  shutdown(fd(), SHUT_WR);
}

int Stream::fd() const {
  uv_os_fd_t fd = -1;
  uv_fileno(reinterpret_cast<const uv_handle_t*>(socket_.get()), &fd);
  return fd;
}

}  // namespace sluice::transport
