// Slow peers, and limits.

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "test/proxy/transport/worker_pool_harness.h"

namespace sluice::transport {
namespace {

using session::Direction;

class LimitsTest : public WorkerPoolTest {
 protected:
  // When a queue is full, so much has been copied: what is queued includes what
  // TLS adds, and what is counted does not.
  size_t Full() const {
    return config_->max_queued_bytes - config_->max_queued_bytes / 32;
  }
  // Sends of `bytes` what the proxy takes until its queue is full, and little
  // more. Returns how much that was.
  size_t SendUntilPaused(TestSocket* socket, absl::string_view bytes) {
    const size_t all = bytes.size();
    Await([&] {
      const ssize_t sent =
          send(socket->fd(), bytes.data(),
               std::min<size_t>(bytes.size(), 16 * 1024), MSG_DONTWAIT);
      if (sent > 0) bytes.remove_prefix(static_cast<size_t>(sent));
      return sent <= 0 && Copied() >= Full();
    });
    return all - bytes.size();
  }
};

TEST_F(LimitsTest, BoundsTheHandshakesTime) {
  config_->handshake_timeout = absl::Milliseconds(30);
  Start();
  TestSocket client = TestSocket::Connect(address_);
  EXPECT_EQ(client.ReceiveAll(), "");
  Await([&] { return handshakes_.reasons().size() == 1; });
  EXPECT_EQ(handshakes_.reasons()[0], "not done in time");
}

// covers: EDGE-19
TEST_F(LimitsTest, WaitsForASlowClient) {
  Start();
  TestClient client(address_);
  client.socket().SetSmallBuffers();
  TestSocket broker = Open(&client);
  std::string packets;
  while (packets.size() < 24u << 20) {
    packets += Publish(std::string(50000, static_cast<char>(packets.size())));
  }
  std::atomic<bool> sent{false};
  std::thread sender([&] {
    broker.Send(packets);
    sent = true;
  });
  Await([this] { return Copied() >= Full(); });
  // The queue holds no more than the mark and what one read yields.
  EXPECT_LT(Copied(), config_->max_queued_bytes + 300 * 1024);
  EXPECT_FALSE(sent);
  // What the client sends meanwhile goes through.
  client.Send(kPingreq);
  EXPECT_EQ(broker.ReceiveExactly(2), kPingreq);
  EXPECT_TRUE(client.ReceiveExactly(packets.size()) == packets);
  sender.join();
  client.Close();
}

// covers: EDGE-19
TEST_F(LimitsTest, QueuesAsMuchAsIsConfigured) {
  for (const size_t limit : {size_t{32} << 10, size_t{2} << 20}) {
    config_ = std::make_shared<ListenerConfig>(*config_);
    config_->max_queued_bytes = limit;
    options_.listeners.clear();
    pool_.reset();
    Start();
    TestClient client(address_);
    client.socket().SetSmallBuffers();
    TestSocket broker = Open(&client);
    std::string packets;
    while (packets.size() < 24u << 20) packets += Publish("a small packet");
    std::thread sender([&] { broker.Send(packets); });
    Await([&] { return Copied() >= Full(); });
    // On top comes what one read yields.
    EXPECT_LT(Copied(), limit + LoopContext::kScratchSize);
    EXPECT_TRUE(client.ReceiveExactly(packets.size()) == packets);
    sender.join();
    client.Close();
  }
}

// covers: EDGE-19
TEST_F(LimitsTest, ReadsAClientThatALargePacketWaitsFor) {
  Start();
  TestClient client(address_);
  client.socket().SetSmallBuffers();
  TestSocket broker = Open(&client);
  const std::string packet = Publish(std::string(16u << 20, 'x'));
  std::thread sender([&] { broker.Send(packet); });
  Await([this] { return Copied() >= Full(); });
  // No more of it is kept, large as it is.
  EXPECT_LT(Copied(), config_->max_queued_bytes + 300 * 1024);
  client.Send(kPingreq);
  EXPECT_EQ(broker.ReceiveExactly(2), kPingreq);
  EXPECT_TRUE(client.ReceiveExactly(packet.size()) == packet);
  sender.join();
  client.Close();
}

// covers: EDGE-19
TEST_F(LimitsTest, CountsAnswersAsTheyAreQueued) {
  Start();
  TestClient client(address_);
  client.socket().SetSmallBuffers();
  policy_.Hold();
  ASSERT_TRUE(client.Handshake());
  client.Send(kConnect);
  policy::v1::AuthenticateResponse grant = GrantAll();
  grant.mutable_grant()->mutable_permissions(0)->set_topic_filter("granted");
  policy_.TakeHeld()(grant);
  TestSocket broker = broker_.Accept();
  broker.ReceiveExactly(kConnect.size());
  broker.Send(kConnack);
  EXPECT_EQ(client.ReceiveExactly(4), kConnack);
  // Each answer, of five bytes, is a record of 27.
  const std::string denied("\x82\x06\0\x01\0\x01x\0", 8);
  std::string packets;
  while (packets.size() < 4 * config_->max_queued_bytes) packets += denied;
  std::thread sender([&] { client.Send(packets); });
  uint64_t taken = 0;
  int as_before = 0;
  Await([&] {
    const uint64_t now = Sum([](const LoopStats& s) {
      return s.bytes[Direction::kFromClient].value();
    });
    as_before = now > kConnect.size() && now == taken ? as_before + 1 : 0;
    taken = now;
    return as_before > 50;
  });
  // On top comes what the sockets take, and what one read yields.
  EXPECT_LT(taken, 2 * config_->max_queued_bytes * denied.size() / 27 +
                       LoopContext::kScratchSize);
  std::string answers;
  while (answers.size() < packets.size() / denied.size() * 5) {
    answers += std::string("\x90\x03\0\x01\x80", 5);
  }
  EXPECT_TRUE(client.ReceiveExactly(answers.size()) == answers);
  sender.join();
  client.Close();
}

// covers: EDGE-19
TEST_F(LimitsTest, WaitsForASlowBroker) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  broker.SetSmallBuffers();
  std::string packets;
  while (packets.size() < 24u << 20) {
    packets += Publish(std::string(50000, static_cast<char>(packets.size())));
  }
  std::atomic<bool> sent{false};
  std::thread sender([&] {
    client.Send(packets);
    sent = true;
  });
  Await([this] { return Copied() >= Full(); });
  EXPECT_LT(Copied(), config_->max_queued_bytes + 300 * 1024);
  EXPECT_FALSE(sent);
  EXPECT_TRUE(broker.ReceiveExactly(packets.size()) == packets);
  sender.join();
  client.Close();
  EXPECT_EQ(broker.ReceiveAll(), "");
}

// Its broker has given it up, which the proxy, with its queue full, would read
// only after what it cannot pass on.
TEST_F(LimitsTest, EndsAClientThatTakesNothingAfterItsBroker) {
  config_->patience = absl::Milliseconds(50);
  Start();
  TestClient client(address_);
  client.socket().SetSmallBuffers();
  TestSocket broker = Open(&client);
  SendUntilPaused(&broker, Publish(std::string(32u << 20, 'x')));
  // As long as the broker is there the client may take its time.
  absl::SleepFor(4 * config_->patience);
  EXPECT_EQ(pool_->connections(), 1u);
  broker.Reset();
  Await([this] { return pool_->connections() == 0; });
}

TEST_F(LimitsTest, EndsAClientThatIsGoneWhileItsBrokerTakesNothing) {
  config_->patience = absl::Milliseconds(50);
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  broker.SetSmallBuffers();
  for (int i = 0; i < 600; ++i) {
    client.tls().Write(Publish(std::string(50000, 'x')));
  }
  SendUntilPaused(&client.socket(), client.tls().TakeOutput());
  absl::SleepFor(4 * config_->patience);
  EXPECT_EQ(pool_->connections(), 1u);
  client.socket().Reset();
  Await([this] { return pool_->connections() == 0; });
}

TEST_F(LimitsTest, GivesASlowClientWhatItsBrokerSentBeforeItsEnd) {
  config_->patience = absl::Milliseconds(300);
  Start();
  TestClient client(address_);
  client.socket().SetSmallBuffers();
  TestSocket broker = Open(&client);
  const std::string packet = Publish(std::string(5000, 'x'));
  std::string packets;
  while (packets.size() < 32u << 20) packets += packet;
  const size_t sent = SendUntilPaused(&broker, packets);
  packets.resize(sent - sent % packet.size());
  broker.Close();
  // Longer than patience lasts, but never without taking anything for so long.
  std::string received;
  for (int i = 0; i < 20; ++i) {
    absl::SleepFor(config_->patience / 5);
    received += client.Receive();
  }
  received += client.ReceiveAll();
  EXPECT_TRUE(received == packets);
}

TEST_F(LimitsTest, FlushesToASlowBrokerBeforeTheEnd) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  std::string packets;
  while (packets.size() < 8u << 20) packets += Publish(std::string(50000, 'x'));
  std::thread sender([&] {
    client.Send(packets + kDisconnect);
    client.Close();
  });
  Await([this] { return Copied() > 0; });
  EXPECT_TRUE(broker.ReceiveAll() == packets + kDisconnect);
  sender.join();
}

// Without its DISCONNECT the broker would publish the client's Will.
TEST_F(LimitsTest, WaitsForABrokerThatHasStoppedWhenTheClientLeaves) {
  config_->patience = absl::Milliseconds(100);
  for (const bool goes_on : {true, false}) {
    options_.listeners.clear();
    pool_.reset();
    Start();
    TestClient client(address_);
    TestSocket broker = Open(&client);
    broker.SetSmallBuffers();
    const std::string packet = Publish(std::string(10000, 'x'));
    std::string packets;
    // No more than is read, so that the client's end is not stuck behind it.
    while (Copied() == 0) {
      client.Send(packet);
      packets += packet;
      Await([&] {
        return Copied() > 0 || Sum([](const LoopStats& s) {
                                 return s.bytes[Direction::kFromClient].value();
                               }) == kConnect.size() + packets.size();
      });
    }
    client.Send(kDisconnect);
    client.Close();
    absl::SleepFor(3 * config_->patience);
    if (goes_on) {
      EXPECT_TRUE(broker.ReceiveAll() == packets + kDisconnect);
    }
    Await([this] { return pool_->connections() == 0; });
  }
}

// What its client sent last may lie in its kernel, where nothing is queued any
// more here.
TEST_F(LimitsTest, WaitsForABrokerThatWorksOnWhatTheClientSentLast) {
  config_->patience = absl::Milliseconds(100);
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  std::string packets;
  for (int i = 0; i < 10; ++i) packets += Publish(std::string(1000, 'x'));
  client.Send(packets + kDisconnect);
  client.Close();
  // It has stopped for a while, and then answers now and then.
  absl::SleepFor(3 * config_->patience);
  for (int i = 0; i < 10; ++i) {
    broker.Send(kPingresp);
    absl::SleepFor(config_->patience / 2);
    EXPECT_EQ(pool_->connections(), 1u);
  }
  EXPECT_TRUE(broker.ReceiveAll() == packets + kDisconnect);
  EXPECT_FALSE(broker.was_reset());
  broker.Close();
  Await([this] { return pool_->connections() == 0; });
}

// But not for ever.
TEST_F(LimitsTest, GivesUpABrokerThatNeverEnds) {
  config_->patience = absl::Milliseconds(50);
  Start();
  TestClient client(address_);
  const TestSocket broker = Open(&client);
  client.Send(kDisconnect);
  client.Close();
  Await([this] { return pool_->connections() == 0; });
}

TEST_F(LimitsTest, BoundsTheNumberOfConnections) {
  options_.limits.max_connections = 2;
  Start();
  TestClient first(address_), second(address_);
  ASSERT_TRUE(first.Handshake());
  ASSERT_TRUE(second.Handshake());
  TestSocket third = TestSocket::Connect(address_);
  EXPECT_EQ(third.ReceiveAll(), "");
  EXPECT_EQ(
      Sum([](const LoopStats& s) { return s.refused_max_connections.value(); }),
      1u);
  first.Close();
  second.Close();
  EXPECT_TRUE(pool_->WaitUntilIdle(absl::Seconds(60)));
  TestClient fourth(address_);
  EXPECT_TRUE(fourth.Handshake());
  fourth.Close();
}

TEST_F(LimitsTest, BoundsTheRateOfConnections) {
  options_.limits.connections_per_second = 0.001;
  Start();
  TestClient first(address_);
  ASSERT_TRUE(first.Handshake());
  TestSocket second = TestSocket::Connect(address_);
  EXPECT_EQ(second.ReceiveAll(), "");
  EXPECT_EQ(Sum([](const LoopStats& s) { return s.refused_rate.value(); }), 1u);
  first.Close();
}

TEST_F(LimitsTest, BoundsTheDenialsOfAnAddress) {
  options_.limits.denials_per_second = 0.001;
  Start();
  TestClient first(address_);
  TestClient second(address_);
  ASSERT_TRUE(first.Handshake());
  ASSERT_TRUE(second.Handshake());
  policy_.Hold();
  first.Send(kConnect);
  policy::v1::AuthenticateResponse denial;
  denial.mutable_denial()->set_detail("unknown");
  policy_.TakeHeld()(denial);
  EXPECT_EQ(first.ReceiveAll(), std::string("\x20\x02\0\x05", 4));
  // Who was there before is not asked about, and gets "server unavailable".
  second.Send(kConnect);
  EXPECT_EQ(second.ReceiveAll(), std::string("\x20\x02\0\x03", 4));
  // Who comes now is closed at once.
  TestSocket third = TestSocket::Connect(address_);
  EXPECT_EQ(third.ReceiveAll(), "");
  EXPECT_EQ(Sum([](const LoopStats& s) { return s.refused_denials.value(); }),
            1u);
}

TEST_F(LimitsTest, BoundsThoseThatArePending) {
  options_.workers = 1;
  options_.limits.max_pending = 2;
  options_.limits.pending_grace = absl::Hours(1);
  Start();
  TestClient first(address_);
  TestSocket second = TestSocket::Connect(address_);
  Await([this] {
    return Sum([](const auto& s) { return s.pending.load(); }) == 2;
  });
  TestSocket third = TestSocket::Connect(address_);
  EXPECT_EQ(third.ReceiveAll(), "");
  EXPECT_EQ(Sum([](const auto& s) { return s.refused_pending.value(); }), 1u);
  // One is let in, and leaves its place to another.
  TestSocket broker = Open(&first);
  TestClient fourth(address_);
  EXPECT_TRUE(fourth.Handshake());
  first.Close();
}

TEST_F(LimitsTest, WhatIsPendingForLongMakesRoom) {
  options_.workers = 1;
  options_.limits.max_pending = 2;
  options_.limits.pending_grace = absl::ZeroDuration();
  Start();
  TestSocket first = TestSocket::Connect(address_);
  TestSocket second = TestSocket::Connect(address_);
  Await([this] {
    return Sum([](const auto& s) { return s.pending.load(); }) == 2;
  });
  TestClient third(address_);
  EXPECT_TRUE(third.Handshake());
  EXPECT_EQ(first.ReceiveAll(), "");
  EXPECT_EQ(Sum([](const auto& s) { return s.refused_pending.value(); }), 1u);
  EXPECT_EQ(handshakes_.reasons(),
            std::vector<std::string>{"makes room for another"});
  // A client that has been let in does not.
  TestSocket broker = Open(&third);
  TestSocket fourth = TestSocket::Connect(address_);
  TestSocket fifth = TestSocket::Connect(address_);
  EXPECT_EQ(second.ReceiveAll(), "");
  third.Send(kPingreq);
  EXPECT_EQ(broker.ReceiveExactly(2), kPingreq);
  third.Close();
}

// While it lives, no descriptor is left to this process but those that are
// closed meanwhile.
class NoDescriptors {
 public:
  NoDescriptors() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit fewer = before_;
    fewer.rlim_cur = 256;  // above all that are there
    setrlimit(RLIMIT_NOFILE, &fewer);
    for (int fd; (fd = dup(0)) >= 0;) taken_.emplace_back(fd);
  }
  ~NoDescriptors() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_;
  std::vector<UniqueFd> taken_;
};

// What one does not read that came without a token, and is being closed, is no
// less than what others do not.
TEST_F(LimitsTest, CountsWhatAClosingConnectionHolds) {
  config_->max_queued_bytes = 30u << 20;
  config_->patience = absl::Minutes(10);
  Start();
  const std::string packets = Publish(std::string(20u << 20, 'x'));
  TestClient closing(address_);
  closing.socket().SetSmallBuffers();
  TestSocket broker = Open(&closing);
  broker.Send(packets);
  Await([&] { return Copied() > packets.size() / 2; });
  closing.Send(std::string(2, '\0'));  // no packet
  broker.ReceiveAll();                 // the proxy ends it
  EXPECT_EQ(
      Sum([](const LoopStats& s) { return s.refused_held_bytes.value(); }), 0u);

  TestClient another(address_);
  another.socket().SetSmallBuffers();
  TestSocket brokers_other = Open(&another);
  brokers_other.Send(packets);
  Await([this] {
    return Sum([](const LoopStats& s) {
             return s.refused_held_bytes.value();
           }) == 1;
  });
}

uint64_t Anonymous(const LoopStats& stats) { return stats.anonymous.load(); }
uint64_t RefusedAnonymous(const LoopStats& stats) {
  return stats.refused_anonymous.value();
}

TEST_F(LimitsTest, BoundsThoseWithoutAToken) {
  options_.limits.max_anonymous = 1;
  config_->patience = absl::Milliseconds(50);
  Start();
  TestClient first(address_);
  TestSocket broker = Open(&first);
  EXPECT_EQ(Sum(Anonymous), 1u);
  TestClient second(address_);
  ASSERT_TRUE(second.Handshake());
  second.Send(kConnect);
  EXPECT_EQ(second.ReceiveAll(), std::string("\x20\x02\0\x03", 4));
  EXPECT_EQ(Sum(RefusedAnonymous), 1u);
  // A token lets in.
  TestClient third(address_);
  TestSocket thirds_broker = OpenWithAToken(&third);
  EXPECT_EQ(Sum(Anonymous), 1u);
  third.Close();
  // Who goes leaves its place.
  first.Close();
  EXPECT_EQ(broker.ReceiveAll(), "");
  Await([this] { return Sum(Anonymous) == 0; });
}

// The addresses of loopback are networks of their own.
TEST_F(LimitsTest, OfThoseWithoutATokenWhoHasMostMakesRoomForOthers) {
  options_.limits.max_anonymous = 2;
  Start();
  TestClient first(address_), second(address_);
  TestSocket firsts_broker = Open(&first);
  TestSocket seconds_broker = Open(&second);
  TestClient other(TestSocket::ConnectFrom("127.0.0.2", address_));
  TestSocket others_broker = Open(&other);
  EXPECT_EQ(first.ReceiveAll(), "");
  EXPECT_EQ(firsts_broker.ReceiveAll(), "");
  Await([this] { return Sum(Anonymous) == 2; });
  EXPECT_EQ(Sum(RefusedAnonymous), 1u);
  second.Send(kPingreq);
  EXPECT_EQ(seconds_broker.ReceiveExactly(2), kPingreq);
  other.Close();
  second.Close();
}

// What accept() and connect() lack goes to who has a token.
TEST_F(LimitsTest, WithoutDescriptorsThoseWithoutATokenMakeRoom) {
  options_.limits.pending_grace = absl::ZeroDuration();
  Start();
  TestClient anonymous(address_);
  TestSocket broker = Open(&anonymous);
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  policy_.Hold();
  client.Send(kConnect);
  FakePolicyClient::Done answer = policy_.TakeHeld();
  {
    const NoDescriptors none;
    answer(GrantAllForAToken());
    EXPECT_EQ(anonymous.ReceiveAll(), "");
  }
  TestSocket clients_broker = broker_.Accept();
  EXPECT_EQ(clients_broker.ReceiveExactly(kConnect.size()), kConnect);
  EXPECT_EQ(Sum(RefusedAnonymous), 1u);
  client.Close();
}

}  // namespace
}  // namespace sluice::transport
