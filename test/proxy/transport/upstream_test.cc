// Connecting to the broker over loopback.
#include "proxy/transport/upstream.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <sys/socket.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proxy/base/unique_fd.h"
#include "proxy/transport/event_loop.h"
#include "proxy/transport/listener.h"
#include "test/proxy/transport/run_until.h"
#include "test/testing/unix_listener.h"

namespace {

// A name with these addresses, in this order.
constexpr char kName[] = "broker.test";
std::vector<std::string> addresses_of_name;

}  // namespace

// In the place of the C library's, which libuv calls.
extern "C" int getaddrinfo(const char* host, const char* service,
                           const addrinfo* hints, addrinfo** result) {
  static const auto real =
      reinterpret_cast<decltype(&getaddrinfo)>(dlsym(RTLD_NEXT, "getaddrinfo"));
  if (host == nullptr || std::string(host) != kName) {
    return real(host, service, hints, result);
  }
  for (const std::string& address : addresses_of_name) {
    const int error = real(address.c_str(), service, hints, result);
    if (error != 0) return error;
    result = &(*result)->ai_next;
  }
  return 0;
}

namespace sluice::transport {
namespace {

// A full backlog: the kernel leaves further SYNs unanswered.
class SilentBroker {
 public:
  explicit SilentBroker(const std::string& host)
      : sockets_(*ListeningSockets::Bind({host, 0}, 1)) {
    EXPECT_EQ(listen(sockets_.sockets[0].get(), 0), 0);
    for (int i = 0; i < 4; ++i) {
      fillers_.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
      connect(fillers_.back().get(), address().get(), address().size());
    }
  }

  const SocketAddress& address() const { return sockets_.address; }

 private:
  ListeningSockets sockets_;
  std::vector<UniqueFd> fillers_;
};

class UpstreamTest : public ::testing::Test,
                     public UpstreamConnector::HandlerInterface {
 protected:
  void OnConnected(absl::StatusOr<UvStream> socket) override {
    ++calls_;
    result_ = socket.ok() ? absl::OkStatus() : socket.status();
    if (socket.ok()) socket_ = *std::move(socket);
    connector_.reset();  // allowed
  }
  void Connect(const std::string& address,
               absl::Duration timeout = absl::Seconds(5)) {
    const auto parsed = ParseAddress(address);
    ASSERT_TRUE(parsed.ok()) << parsed.status();
    upstream_ = Upstream(*parsed);
    upstream_.connect_timeout = timeout;
    const int calls = calls_;
    connector_ = std::make_unique<UpstreamConnector>(
        loop_.uv(), &upstream_,
        static_cast<UpstreamConnector::HandlerInterface*>(this));
    connector_->Start();
    EXPECT_EQ(calls_, calls);
  }

  EventLoop loop_;
  Upstream upstream_;
  std::unique_ptr<UpstreamConnector> connector_;
  UvStream socket_;
  absl::Status result_;
  int calls_ = 0;
};

TEST_F(UpstreamTest, ConnectsToALiteralAddress) {
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 1);
  ASSERT_TRUE(sockets.ok());
  ASSERT_EQ(listen(sockets->sockets[0].get(), 1), 0);
  Connect(sockets->address.ToString());
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_TRUE(result_.ok()) << result_;
  EXPECT_NE(socket_, nullptr);
}

// The name's addresses are tried in turn: ::1 may be the first.
TEST_F(UpstreamTest, ConnectsToAName) {
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 1);
  ASSERT_TRUE(sockets.ok());
  ASSERT_EQ(listen(sockets->sockets[0].get(), 1), 0);
  Connect("localhost:" + std::to_string(sockets->address.port()));
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_TRUE(result_.ok()) << result_;
}

TEST_F(UpstreamTest, ConnectsToAUnixSocket) {
  const testing::UnixListener broker(1);
  Connect("unix:s");
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_TRUE(result_.ok()) << result_;
}

// Of a Unix socket the kernel says so, where over TCP it tries again.
// covers: EDGE-18
TEST_F(UpstreamTest, ABrokerThatIsLateToAcceptIsTriedAgain) {
  const testing::UnixListener broker(0);
  const UniqueFd queued = broker.Connect();
  Connect("unix:s");
  const absl::Time start = absl::Now();
  RunUntil(&loop_,
           [&] { return absl::Now() - start > absl::Milliseconds(200); });
  EXPECT_EQ(calls_, 0);
  const UniqueFd accepted = broker.Accept();
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_TRUE(result_.ok()) << result_;
}

TEST_F(UpstreamTest, ReportsARefusal) {
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 1);  // not listening
  ASSERT_TRUE(sockets.ok());
  Connect(sockets->address.ToString());
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_FALSE(result_.ok());
}

// A client library may take the CONNACK that says so for the last word.
// covers: EDGE-18
TEST_F(UpstreamTest, ABrokerThatIsBeingStartedIsTriedAgain) {
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 1);
  ASSERT_TRUE(sockets.ok());
  Connect(sockets->address.ToString());
  const absl::Time start = absl::Now();
  RunUntil(&loop_,
           [&] { return absl::Now() - start > absl::Milliseconds(200); });
  EXPECT_EQ(calls_, 0);
  ASSERT_EQ(listen(sockets->sockets[0].get(), 1), 0);
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_TRUE(result_.ok()) << result_;
}

// covers: EDGE-18
TEST_F(UpstreamTest, HalfOfTheTimeoutIsEnoughForARefusal) {
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 1);
  ASSERT_TRUE(sockets.ok());
  const absl::Time start = absl::Now();
  Connect(sockets->address.ToString(), absl::Seconds(2));
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_FALSE(result_.ok());
  // But not less.
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(990));
  EXPECT_LT(absl::Now() - start, absl::Milliseconds(1500));
}

// covers: EDGE-18
TEST_F(UpstreamTest, ABrokerIsTriedOnceMoreAtTheEnd) {
  auto sockets = ListeningSockets::Bind({"127.0.0.1", 0}, 1);
  ASSERT_TRUE(sockets.ok());
  Connect(sockets->address.ToString(), absl::Seconds(3));
  std::thread broker([&] {
    absl::SleepFor(absl::Milliseconds(1300));
    EXPECT_EQ(listen(sockets->sockets[0].get(), 1), 0);
  });
  RunUntil(&loop_, [this] { return calls_ == 1; });
  broker.join();
  EXPECT_TRUE(result_.ok()) << result_;
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
  const SilentBroker silent("127.0.0.1");
  Connect(silent.address().ToString(), absl::Milliseconds(50));
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_FALSE(result_.ok());
}

TEST_F(UpstreamTest, AnAddressThatDoesNotAnswerLeavesTheNextItsTime) {
  const SilentBroker silent("127.0.0.9");
  const uint16_t port = silent.address().port();
  const std::string name = absl::StrCat(kName, ":", port);
  auto sockets = ListeningSockets::Bind({"127.0.0.1", port}, 1);
  ASSERT_TRUE(sockets.ok());
  ASSERT_EQ(listen(sockets->sockets[0].get(), 1), 0);
  addresses_of_name = {"127.0.0.9", "127.0.0.1"};
  Connect(name, absl::Seconds(1));
  RunUntil(&loop_, [this] { return calls_ == 1; });
  EXPECT_TRUE(result_.ok()) << result_;
  // All together have the timeout.
  addresses_of_name = {"127.0.0.9", "127.0.0.9", "127.0.0.9"};
  const absl::Time start = absl::Now();
  Connect(name, absl::Milliseconds(300));
  RunUntil(&loop_, [this] { return calls_ == 2; });
  EXPECT_FALSE(result_.ok());
  EXPECT_GE(absl::Now() - start, absl::Milliseconds(290));
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
