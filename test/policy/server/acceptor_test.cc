#include "policy/server/acceptor.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "proxy/base/log.h"
#include "proxy/base/unique_fd.h"
#include "test/testing/string_sink.h"

namespace {

// The families that the kernel has not.
std::vector<int> missing_families;

}  // namespace

// In place of that of the C library.
extern "C" int socket(int family, int type, int protocol) noexcept {
  if (absl::c_linear_search(missing_families, family)) {
    errno = EAFNOSUPPORT;
    return -1;
  }
  return static_cast<int>(syscall(SYS_socket, family, type, protocol));
}

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What a gRPC server would take.
struct Taken {
  // Whether `count` connections come in time.
  bool WaitFor(int count, std::chrono::milliseconds timeout) {
    std::unique_lock<std::mutex> lock(mutex);
    return came.wait_for(lock, timeout, [&] { return connections >= count; });
  }

  std::mutex mutex;
  std::condition_variable came;
  int connections = 0;
};

class CountingSink final : public Acceptor::Sink {
 public:
  explicit CountingSink(Taken* taken) : taken_(taken) {}

  void HandleNewConnection(NewConnectionParameters* connection) override {
    close(connection->fd);
    const std::lock_guard<std::mutex> lock(taken_->mutex);
    ++taken_->connections;
    taken_->came.notify_all();
  }

 private:
  Taken* const taken_;
};

constexpr std::chrono::seconds kInTime(10);

class AcceptorTest : public ::testing::Test {
 protected:
  void Listen(const std::string& address) {
    auto parsed = ParseAddress(address);
    ASSERT_TRUE(parsed.ok());
    auto listening = Acceptor::Listen(*parsed);
    ASSERT_TRUE(listening.ok()) << listening.status();
    acceptor_ = *std::move(listening);
  }
  void Start() {
    acceptor_->Start(std::make_unique<CountingSink>(&taken_), &log_);
  }
  // Connects to 127.0.0.1; a descriptor, or -1.
  int Connect() const {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(acceptor_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) ==
        0) {
      return fd;
    }
    close(fd);
    return -1;
  }

  Taken taken_;
  sluice::testing::StringSink sink_;
  Logger log_{&sink_, LogLevel::kInfo, LogFormat::kJson};
  std::unique_ptr<Acceptor> acceptor_;
};

TEST_F(AcceptorTest, HandsConnectionsOn) {
  Listen("127.0.0.1:0");
  const int early = Connect();
  EXPECT_GE(early, 0);
  Start();
  const int late = Connect();
  EXPECT_GE(late, 0);
  EXPECT_TRUE(taken_.WaitFor(2, kInTime));
  acceptor_->Stop();
  EXPECT_LT(Connect(), 0);
  close(early);
  close(late);
}

TEST_F(AcceptorTest, ListensAtAllAddressesOfAName) {
  Listen("localhost:0");
  Start();
  const int fd = Connect();
  EXPECT_GE(fd, 0);
  EXPECT_TRUE(taken_.WaitFor(1, kInTime));
  close(fd);
}

TEST_F(AcceptorTest, ListensAtWhatTheKernelHasOfAName) {
  const absl::Cleanup restore = [] { missing_families.clear(); };
  missing_families = {AF_INET6};
  Listen("localhost:0");
  Start();
  const int fd = Connect();
  EXPECT_GE(fd, 0);
  EXPECT_TRUE(taken_.WaitFor(1, kInTime));
  close(fd);

  missing_families = {AF_INET, AF_INET6};
  const auto none = Acceptor::Listen(*ParseAddress("localhost:0"));
  EXPECT_EQ(none.status().message(),
            "socket: Address family not supported by protocol");
}

// Whichever comes first of those of the name.
TEST_F(AcceptorTest, AFamilyThatIsMissingTakesNoOtherAway) {
  const absl::Cleanup restore = [] { missing_families.clear(); };
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  const absl::Cleanup close_socket = [fd] { close(fd); };
  missing_families = {AF_INET};
  const auto listening = Acceptor::Listen(*ParseAddress("localhost:0"));
  if (!listening.ok()) {  // localhost is of IPv4 only
    EXPECT_EQ(listening.status().message(),
              "socket: Address family not supported by protocol");
    return;
  }
  address.sin6_port = htons((*listening)->port());
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
            0);
}

TEST_F(AcceptorTest, GoesOnWhenThereAreDescriptorsAgain) {
  Listen("127.0.0.1:0");
  const int fd = Connect();
  ASSERT_GE(fd, 0);
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  Start();
  EXPECT_FALSE(taken_.WaitFor(1, std::chrono::milliseconds(300)));
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(taken_.WaitFor(1, kInTime));
  EXPECT_THAT(sink_.lines(), ElementsAre(HasSubstr("accept_failed")));
  close(fd);
}

TEST_F(AcceptorTest, LeavesSomeDescriptorsForOthers) {
  Listen("127.0.0.1:0");
  Start();
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit few = before;
  few.rlim_cur = 256;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<UniqueFd> taken;
  do {
    taken.emplace_back(dup(STDIN_FILENO));
  } while (taken.back().get() >= 0 && taken.back().get() < 256 - 64);
  const UniqueFd refused(Connect());
  char byte;
  EXPECT_EQ(recv(refused.get(), &byte, 1, 0), 0);
  EXPECT_EQ(acceptor_->refused(), 1u);
  EXPECT_EQ(taken_.connections, 0);
  taken.clear();
  const UniqueFd let_in(Connect());
  EXPECT_TRUE(taken_.WaitFor(1, kInTime));
  EXPECT_EQ(acceptor_->refused(), 1u);
  EXPECT_THAT(sink_.lines(), ElementsAre(HasSubstr("connection_refused")));
  setrlimit(RLIMIT_NOFILE, &before);
}

TEST_F(AcceptorTest, RefusesAPortThatIsInUse) {
  Listen("127.0.0.1:0");
  auto address = ParseAddress("127.0.0.1:" + std::to_string(acceptor_->port()));
  EXPECT_EQ(Acceptor::Listen(*address).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST_F(AcceptorTest, RemovesItsSocketFile) {
  // Where a path is short enough for a socket.
  const std::string path = "/tmp/acceptor-" + std::to_string(getpid());
  Listen("unix:" + path);
  struct stat info;
  EXPECT_EQ(stat(path.c_str(), &info), 0);
  acceptor_.reset();
  EXPECT_NE(stat(path.c_str(), &info), 0);
}

}  // namespace
}  // namespace sluice::policy
