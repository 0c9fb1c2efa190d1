// Listening and connecting over loopback.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "proxy/base/unique_fd.h"
#include "proxy/transport/event_loop.h"
#include "proxy/transport/listener.h"
#include "proxy/transport/upstream.h"
#include "test/testing/test_certificates.h"

namespace sluice::transport {
namespace {

using ::testing::HasSubstr;

// Runs a loop until `done`, which is soon, or the test's deadline.
template <typename Done>
void RunUntil(EventLoop* loop, Done done) {
  const absl::Time limit = absl::Now() + absl::Seconds(20);
  while (!done() && absl::Now() < limit) uv_run(loop->uv(), UV_RUN_ONCE);
  ASSERT_TRUE(done());
}

class ListenerTest : public ::testing::Test, public Listener::HandlerInterface {
 protected:
  void OnAccept(Listener*, UniqueFd socket,
                const SocketAddress& client) override {
    accepted_.push_back(std::move(socket));
    client_ = client;
  }
  void OnAcceptFailure(int error) override {
    ++failures_;
    error_ = error;
    if (on_failure_) on_failure_();
  }

  std::unique_ptr<Listener> Listen(ListeningSockets* sockets) {
    auto listener = Listener::Create(&loop_, std::move(sockets->sockets[0]),
                                     static_cast<HandlerInterface*>(this));
    EXPECT_TRUE(listener.ok()) << listener.status();
    return *std::move(listener);
  }
  static int Connect(int fd, const SocketAddress& address) {
    return connect(fd, address.get(), address.size());
  }

  EventLoop loop_;
  std::vector<UniqueFd> accepted_;
  SocketAddress client_;
  int failures_ = 0, error_ = 0;
  std::function<void()> on_failure_;
};

TEST_F(ListenerTest, FindsOnePortForAllSockets) {
  auto sockets = ListeningSockets::Bind("127.0.0.1:0", 3);
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  ASSERT_EQ(sockets->sockets.size(), 3u);
  EXPECT_NE(sockets->address.port(), 0);
  for (const UniqueFd& fd : sockets->sockets) {
    EXPECT_EQ(SocketAddress::OfSocket(fd.get()).port(),
              sockets->address.port());
  }
}

TEST_F(ListenerTest, BindsNames) {
  auto sockets = ListeningSockets::Bind("localhost:0", 1);
  EXPECT_TRUE(sockets.ok()) << sockets.status();
}

TEST_F(ListenerTest, NamesTheAddressThatCannotBeBound) {
  auto sockets = ListeningSockets::Bind("127.0.0.1:0", 1);
  ASSERT_TRUE(sockets.ok());
  auto listener = Listen(&*sockets);
  // Although SO_REUSEPORT would allow it.
  auto second = ListeningSockets::Bind(sockets->address.ToString(), 1);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(sockets->address.ToString()));
  EXPECT_FALSE(ListeningSockets::Bind("no port", 1).ok());
}

TEST_F(ListenerTest, AcceptsClients) {
  auto sockets = ListeningSockets::Bind("127.0.0.1:0", 1);
  ASSERT_TRUE(sockets.ok());
  auto listener = Listen(&*sockets);
  UniqueFd client(socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(Connect(client.get(), sockets->address), 0);
  RunUntil(&loop_, [this] { return accepted_.size() == 1; });
  EXPECT_EQ(client_.ToString(),
            SocketAddress::OfSocket(client.get()).ToString());
}

TEST_F(ListenerTest, PausesWhenThereAreNoDescriptors) {
  auto sockets = ListeningSockets::Bind("127.0.0.1:0", 1);
  ASSERT_TRUE(sockets.ok());
  auto listener = Listen(&*sockets);
  UniqueFd client(socket(AF_INET, SOCK_STREAM, 0));
  uv_run(loop_.uv(), UV_RUN_NOWAIT);  // descriptors of the loop's own
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{static_cast<rlim_t>(client.get() + 1), limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  ASSERT_EQ(Connect(client.get(), sockets->address), 0);
  // Two failures, a pause apart; then there are descriptors again.
  const absl::Time start = absl::Now();
  on_failure_ = [&] {
    if (failures_ == 2) setrlimit(RLIMIT_NOFILE, &limit);
  };
  RunUntil(&loop_, [this] { return accepted_.size() == 1; });
  EXPECT_EQ(failures_, 2);
  EXPECT_EQ(error_, EMFILE);
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(150));
}

class UpstreamTest : public ::testing::Test,
                     public UpstreamConnector::HandlerInterface {
 protected:
  void OnConnected(absl::StatusOr<UvStream> socket) override {
    ++calls_;
    result_ = socket.ok() ? absl::OkStatus() : socket.status();
    if (socket.ok()) socket_ = *std::move(socket);
    connector_.reset();  // allowed
  }
  void Connect(const std::string& address) {
    auto upstream = Upstream::Parse(address);
    ASSERT_TRUE(upstream.ok()) << upstream.status();
    upstream_ = *std::move(upstream);
    connector_ = std::make_unique<UpstreamConnector>(
        loop_.uv(), &upstream_,
        static_cast<UpstreamConnector::HandlerInterface*>(this));
    connector_->Start();
    EXPECT_EQ(calls_, 0);
  }

  EventLoop loop_;
  Upstream upstream_;
  std::unique_ptr<UpstreamConnector> connector_;
  UvStream socket_;
  absl::Status result_;
  int calls_ = 0;
};

TEST_F(UpstreamTest, ReadsAddresses) {
  EXPECT_TRUE(Upstream::Parse("127.0.0.1:1883")->literal.has_value());
  EXPECT_FALSE(Upstream::Parse("broker:1883")->literal.has_value());
  EXPECT_EQ(Upstream::Parse("unix:/run/broker")->unix_path, "/run/broker");
  for (const std::string& bad :
       {std::string("broker"), std::string("broker:0"), std::string("unix:"),
        "unix:/" + std::string(200, 'x')}) {
    EXPECT_FALSE(Upstream::Parse(bad).ok()) << bad;
  }
}

TEST_F(UpstreamTest, ConnectsToALiteralAddress) {
  auto sockets = ListeningSockets::Bind("127.0.0.1:0", 1);
  ASSERT_TRUE(sockets.ok());
  ASSERT_EQ(listen(sockets->sockets[0].get(), 1), 0);
  Connect(sockets->address.ToString());
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_TRUE(result_.ok()) << result_;
  EXPECT_NE(socket_, nullptr);
}

// The name's addresses are tried in turn: ::1 may be the first.
TEST_F(UpstreamTest, ConnectsToAName) {
  auto sockets = ListeningSockets::Bind("127.0.0.1:0", 1);
  ASSERT_TRUE(sockets.ok());
  ASSERT_EQ(listen(sockets->sockets[0].get(), 1), 0);
  Connect("localhost:" + std::to_string(sockets->address.port()));
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_TRUE(result_.ok()) << result_;
}

TEST_F(UpstreamTest, ConnectsToAUnixSocket) {
  // A relative path, since those of test directories may be too long.
  testing::TempDir directory;
  ASSERT_EQ(chdir(directory.path().c_str()), 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  address.sun_path[0] = 'b';
  UniqueFd broker(socket(AF_UNIX, SOCK_STREAM, 0));
  ASSERT_EQ(bind(broker.get(), reinterpret_cast<sockaddr*>(&address),
                 sizeof(address)),
            0);
  ASSERT_EQ(listen(broker.get(), 1), 0);
  Connect("unix:b");
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_TRUE(result_.ok()) << result_;
}

TEST_F(UpstreamTest, ReportsARefusal) {
  auto sockets = ListeningSockets::Bind("127.0.0.1:0", 1);  // not listening
  ASSERT_TRUE(sockets.ok());
  Connect(sockets->address.ToString());
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_FALSE(result_.ok());
}

TEST_F(UpstreamTest, ReportsAMissingUnixSocket) {
  Connect("unix:/nonexistent/broker");
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_FALSE(result_.ok());
}

TEST_F(UpstreamTest, ReportsANameThatDoesNotResolve) {
  Connect("name.invalid:1883");
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_FALSE(result_.ok());
}

TEST_F(UpstreamTest, GivesUpAfterTheTimeout) {
  // A full backlog: the kernel leaves further SYNs unanswered.
  auto sockets = ListeningSockets::Bind("127.0.0.1:0", 1);
  ASSERT_TRUE(sockets.ok());
  ASSERT_EQ(listen(sockets->sockets[0].get(), 0), 0);
  std::vector<UniqueFd> fillers;
  for (int i = 0; i < 4; ++i) {
    fillers.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    connect(fillers.back().get(), sockets->address.get(),
            sockets->address.size());
  }
  upstream_ = *Upstream::Parse(sockets->address.ToString());
  upstream_.connect_timeout = absl::Milliseconds(50);
  connector_ = std::make_unique<UpstreamConnector>(
      loop_.uv(), &upstream_,
      static_cast<UpstreamConnector::HandlerInterface*>(this));
  connector_->Start();
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_FALSE(result_.ok());
}

TEST_F(UpstreamTest, MayBeDestroyedAtAnyTime) {
  for (const char* address : {"127.0.0.1:1", "localhost:1", "unix:/x"}) {
    Connect(address);
    connector_.reset();
    uv_run(loop_.uv(), UV_RUN_NOWAIT);
  }
  EXPECT_EQ(calls_, 0);
}

}  // namespace
}  // namespace sluice::transport
