// Listening on loopback.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <vector>

#include "absl/time/clock.h"
#include "proxy/base/unique_fd.h"
#include "proxy/transport/event_loop.h"
#include "proxy/transport/listener.h"
#include "test/proxy/transport/run_until.h"

namespace sluice::transport {
namespace {

using ::testing::HasSubstr;

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
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 3);
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  ASSERT_EQ(sockets->sockets.size(), 3u);
  EXPECT_NE(sockets->address.port(), 0);
  for (const UniqueFd& fd : sockets->sockets) {
    EXPECT_EQ(SocketAddress::OfSocket(fd.get()).port(),
              sockets->address.port());
  }
}

TEST_F(ListenerTest, BindsNames) {
  auto sockets = ListeningSockets::Bind({"localhost", 0}, 1);
  EXPECT_TRUE(sockets.ok()) << sockets.status();
}

TEST_F(ListenerTest, NamesTheAddressThatCannotBeBound) {
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 1);
  ASSERT_TRUE(sockets.ok());
  auto listener = Listen(&*sockets);
  // Although SO_REUSEPORT would allow it.
  auto second =
      ListeningSockets::Bind({"127.0.0.1", sockets->address.port()}, 1);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(sockets->address.ToString()));
  const auto unknown = ListeningSockets::Bind({"name.invalid", 1}, 1);
  ASSERT_FALSE(unknown.ok());
  EXPECT_THAT(std::string(unknown.status().message()),
              HasSubstr("name.invalid:1: "));
}

TEST_F(ListenerTest, AcceptsClients) {
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 1);
  ASSERT_TRUE(sockets.ok());
  auto listener = Listen(&*sockets);
  UniqueFd client(socket(AF_INET, SOCK_STREAM, 0));
  ASSERT_EQ(Connect(client.get(), sockets->address), 0);
  RunUntil(&loop_, [this] { return accepted_.size() == 1; });
  EXPECT_EQ(client_.ToString(),
            SocketAddress::OfSocket(client.get()).ToString());
}

TEST_F(ListenerTest, PausesWhenThereAreNoDescriptors) {
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 1);
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

}  // namespace
}  // namespace sluice::transport
