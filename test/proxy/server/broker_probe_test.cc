#include "proxy/server/broker_probe.h"

#include <gmock/gmock.h>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "proxy/server/tcp_probe.h"
#include "test/proxy/server/loopback_listener.h"
#include "test/testing/unix_listener.h"

namespace sluice::server {
namespace {

using ::testing::HasSubstr;

// Lets a test wait for what is logged: each change, and the first attempt.
class LineCounter : public LogSinkInterface {
 public:
  void Write(absl::string_view line) override {
    std::lock_guard<std::mutex> lock(mutex_);
    ++lines_;
    last_ = std::string(line);
    written_.notify_all();
  }
  void AwaitLines(int lines) {
    std::unique_lock<std::mutex> lock(mutex_);
    written_.wait(lock, [&] { return lines_ >= lines; });
  }
  std::string last() {
    std::lock_guard<std::mutex> lock(mutex_);
    return last_;
  }
  int lines() {
    std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable written_;
  int lines_ = 0;
  std::string last_;
};

class BrokerProbeTest : public ::testing::Test {
 protected:
  // So long an interval that only the first attempt is made.
  BrokerProbe::Options options_{absl::Hours(1), absl::Seconds(20)};
  LineCounter sink_;
  Logger logger_{&sink_, LogLevel::kDebug, LogFormat::kText};
};

TEST_F(BrokerProbeTest, FindsABrokerThatIsThere) {
  LoopbackListener broker;
  BrokerProbe probe(broker.address(), options_, &logger_);
  while (!probe.reachable()) std::this_thread::yield();
}

TEST_F(BrokerProbeTest, MissesABrokerThatIsNotThere) {
  const Address gone = LoopbackListener().address();
  BrokerProbe probe(gone, options_, &logger_);
  sink_.AwaitLines(1);
  EXPECT_FALSE(probe.reachable());
  EXPECT_THAT(sink_.last(), HasSubstr("Connection refused"));
}

TEST_F(BrokerProbeTest, FollowsTheAddress) {
  const Address gone = LoopbackListener().address();
  BrokerProbe probe(gone, options_, &logger_);
  sink_.AwaitLines(1);
  LoopbackListener broker;
  probe.SetAddress(broker.address());
  sink_.AwaitLines(2);
  while (!probe.reachable()) std::this_thread::yield();
  probe.SetAddress(gone);
  sink_.AwaitLines(3);
  EXPECT_FALSE(probe.reachable());
}

TEST_F(BrokerProbeTest, NoticesChanges) {
  auto broker = std::make_unique<LoopbackListener>();
  const Address address = broker->address();
  options_.interval = absl::Milliseconds(1);
  BrokerProbe probe(address, options_, &logger_);
  while (!probe.reachable()) std::this_thread::yield();
  broker.reset();
  while (probe.reachable()) std::this_thread::yield();
  LoopbackListener again(address.port);
  while (!probe.reachable()) std::this_thread::yield();
}

TEST_F(BrokerProbeTest, ItsEndWaitsForNoAttempt) {
  struct Resolver {
    std::promise<void> asked, answers;
  };
  auto resolver = std::make_shared<Resolver>();
  options_.try_to_connect = [resolver](const Address&, absl::Duration) {
    resolver->asked.set_value();
    resolver->answers.get_future().wait();
    return absl::OkStatus();
  };
  std::weak_ptr<Resolver> in_use = resolver;
  {
    BrokerProbe probe(Address(), options_, &logger_);
    resolver->asked.get_future().wait();
  }
  options_.try_to_connect = TryToConnect;
  resolver->answers.set_value();
  resolver.reset();
  // The thread ends, and says nothing of what it has found.
  while (!in_use.expired()) std::this_thread::yield();
  EXPECT_EQ(sink_.lines(), 0);
}

TEST(TryToConnectTest, ReachesSocketFiles) {
  Address address;
  address.unix_path = "s";
  EXPECT_THAT(TryToConnect(address, absl::Seconds(1)).message(),
              HasSubstr("No such file"));
  sluice::testing::UnixListener listener(1);
  EXPECT_TRUE(TryToConnect(address, absl::Seconds(1)).ok());
  listener.Close();
  EXPECT_THAT(TryToConnect(address, absl::Seconds(1)).message(),
              HasSubstr("refused"));
}

// As it is over TCP.
TEST(TryToConnectTest, WaitsUntilASocketFileHasRoom) {
  const sluice::testing::UnixListener listener(0);
  const UniqueFd queued = listener.Connect();
  Address address;
  address.unix_path = "s";
  EXPECT_THAT(TryToConnect(address, absl::Milliseconds(100)).message(),
              HasSubstr("temporarily unavailable"));
  std::thread broker([&listener] {
    absl::SleepFor(absl::Milliseconds(100));
    listener.Accept();
  });
  EXPECT_TRUE(TryToConnect(address, absl::Seconds(20)).ok());
  broker.join();
}

TEST(TryToConnectTest, ResolvesNames) {
  LoopbackListener listener;
  Address address = listener.address();
  address.host = "localhost";
  EXPECT_TRUE(TryToConnect(address, absl::Seconds(1)).ok());
  address.host = "name.invalid";
  EXPECT_FALSE(TryToConnect(address, absl::Seconds(1)).ok());
}

}  // namespace
}  // namespace sluice::server
