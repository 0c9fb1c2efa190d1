#include "test/proxy/transport/end_points.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <utility>

namespace sluice::transport {
namespace {

constexpr timeval kPatience = {60, 0};

}  // namespace

TestSocket::TestSocket(UniqueFd fd) : fd_(std::move(fd)) {
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO}) {
    setsockopt(fd_.get(), SOL_SOCKET, option, &kPatience, sizeof(kPatience));
  }
  // What is sent is there at once, be what was before acknowledged or not.
  const int on = 1;
  setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

TestSocket TestSocket::Connect(const SocketAddress& address) {
  UniqueFd fd(socket(address.family(), SOCK_STREAM, 0));
  EXPECT_EQ(connect(fd.get(), address.get(), address.size()), 0);
  return TestSocket(std::move(fd));
}

TestSocket TestSocket::ConnectFrom(absl::string_view source,
                                   const SocketAddress& address) {
  const SocketAddress from =
      *SocketAddress::FromLiteral({std::string(source), 0});
  UniqueFd fd(socket(address.family(), SOCK_STREAM, 0));
  EXPECT_EQ(bind(fd.get(), from.get(), from.size()), 0);
  EXPECT_EQ(connect(fd.get(), address.get(), address.size()), 0);
  return TestSocket(std::move(fd));
}

void TestSocket::Send(absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return;  // the peer is gone, which Receive() shows
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

std::string TestSocket::Receive() {
  std::string buffer(65536, '\0');
  const ssize_t count = recv(fd_.get(), buffer.data(), buffer.size(), 0);
  if (count < 0) {
    EXPECT_EQ(errno, ECONNRESET);
    was_reset_ = true;
  }
  buffer.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return buffer;
}

std::string TestSocket::ReceiveExactly(size_t count) {
  std::string all(count, '\0');
  size_t have = 0;
  while (have < count) {
    const ssize_t got = recv(fd_.get(), &all[have], count - have, 0);
    if (got <= 0) break;
    have += static_cast<size_t>(got);
  }
  all.resize(have);
  return all;
}

std::string TestSocket::ReceiveAll() {
  std::string all;
  for (;;) {
    const std::string some = Receive();
    if (some.empty()) return all;
    all += some;
  }
}

void TestSocket::FinishSending() { shutdown(fd_.get(), SHUT_WR); }

void TestSocket::Reset() {
  const linger at_once = {1, 0};
  setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  Close();
}

void TestSocket::SetSmallBuffers() {
  const int size = 64 * 1024;
  setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
  setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

TestClient::TestClient(const SocketAddress& address,
                       const TlsPeer::Options& options)
    : socket_(TestSocket::Connect(address)), tls_(options) {}

bool TestClient::Handshake() {
  socket_.Send(tls_.TakeOutput());
  while (!tls_.is_ready()) {
    if (!Feed()) return false;
    socket_.Send(tls_.TakeOutput());
  }
  return true;
}

void TestClient::Send(absl::string_view plaintext) {
  tls_.Write(plaintext);
  socket_.Send(tls_.TakeOutput());
}

std::string TestClient::Receive() {
  Feed();
  return tls_.TakeReceived();
}

std::string TestClient::ReceiveExactly(size_t count) {
  while (tls_.received().size() < count && Feed()) {
  }
  std::string all = tls_.TakeReceived();
  EXPECT_LE(all.size(), count);
  return all;
}

std::string TestClient::ReceiveAll() {
  while (Feed()) {
  }
  return tls_.TakeReceived();
}

void TestClient::Close() {
  tls_.Shutdown();
  socket_.Send(tls_.TakeOutput());
  socket_.Close();
}

bool TestClient::Feed() {
  const std::string records = socket_.Receive();
  if (records.empty()) return false;
  tls_.Feed(records);
  return true;
}

TestBroker::TestBroker() {
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 1);
  EXPECT_TRUE(sockets.ok()) << sockets.status();
  fd_ = std::move(sockets->sockets[0]);
  address_ = sockets->address;
  EXPECT_EQ(listen(fd_.get(), 64), 0);
}

TestSocket TestBroker::Accept() {
  // The socket is non-blocking: wait with a receive timeout's patience.
  fd_set readable;
  FD_ZERO(&readable);
  FD_SET(fd_.get(), &readable);
  timeval patience = kPatience;
  EXPECT_EQ(select(fd_.get() + 1, &readable, nullptr, nullptr, &patience), 1);
  return TestSocket(UniqueFd(accept(fd_.get(), nullptr, nullptr)));
}

}  // namespace sluice::transport
