// A connection from its handshake to its end.

#include "proxy/transport/client_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include <future>
#include <string>
#include <thread>

#include "test/proxy/transport/worker_pool_harness.h"

namespace sluice::transport {
namespace {

using session::Direction;

using ClientConnectionTest = WorkerPoolTest;

TEST_F(ClientConnectionTest, CarriesPacketsBothWaysWithoutCopying) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  const std::string up = Publish("up") + kPingreq + Publish("up again");
  client.Send(up);
  EXPECT_EQ(broker.ReceiveExactly(up.size()), up);
  const std::string down = kPingresp + Publish("down");
  broker.Send(down);
  EXPECT_EQ(client.ReceiveExactly(down.size()), down);
  EXPECT_EQ(pool_->connections(), 1u);

  client.Send(kDisconnect);
  client.Close();
  EXPECT_EQ(broker.ReceiveAll(), kDisconnect);
  broker.Close();
  EXPECT_TRUE(pool_->WaitUntilIdle(absl::Seconds(60)));
  EXPECT_EQ(Copied(), 0u);
  EXPECT_EQ(Sum([](const LoopStats& s) {
              return s.bytes[Direction::kFromClient].value();
            }),
            kConnect.size() + up.size() + kDisconnect.size());
  EXPECT_EQ(Sum([](const LoopStats& s) {
              return s.bytes[Direction::kFromBroker].value();
            }),
            kConnack.size() + down.size());
  uint64_t handshakes = 0;
  for (size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
    handshakes += pool_->workers()[0]->stats().handshakes.count(i);
  }
  EXPECT_EQ(handshakes, 1u);
}

// covers: EDGE-18
TEST_F(ClientConnectionTest, TellsWhatABrokerSaidBeforeAWriteToItFailed) {
  options_.workers = 1;
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  const std::string unread = Publish("unread");
  client.Send(unread);
  Await([&] {
    int there = 0;
    ioctl(broker.fd(), FIONREAD, &there);
    return there == static_cast<int>(unread.size());
  });
  // While the loop is busy the client publishes, and then the broker speaks and
  // ends. What has not been read makes that a reset.
  std::promise<void> is_busy;
  std::promise<void> go_on;
  policy::v1::SessionQuery query;
  query.set_limit(2);  // more than there are: the loop is asked
  pool_->ListSessions(query, [&](auto) {
    is_busy.set_value();
    go_on.get_future().wait();
  });
  is_busy.get_future().wait();
  client.Send(Publish("to nobody"));
  const std::string last = Publish("last words");
  broker.Send(last);
  broker.Close();
  go_on.set_value();
  EXPECT_EQ(client.ReceiveExactly(last.size()), last);
  EXPECT_EQ(client.Receive(), "");
}

TEST_F(ClientConnectionTest, TakesPacketsAByteAtATime) {
  Start();
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  for (const char byte : kConnect) client.Send({&byte, 1});
  TestSocket broker = broker_.Accept();
  EXPECT_EQ(broker.ReceiveExactly(kConnect.size()), kConnect);
  for (const char byte : kConnack) broker.Send({&byte, 1});
  EXPECT_EQ(client.ReceiveExactly(4), kConnack);
  const std::string publish = Publish("payload");
  for (const char byte : publish) client.Send({&byte, 1});
  EXPECT_EQ(broker.ReceiveExactly(publish.size()), publish);
  client.Close();
  EXPECT_EQ(broker.ReceiveAll(), "");
}

TEST_F(ClientConnectionTest, HoldsPacketsUntilConnackAndThenTheEnd) {
  policy_.Hold();
  Start();
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  // All at once: neither packets nor the end may overtake the CONNECT.
  const std::string rest = Publish("early") + Publish("bird") + kDisconnect;
  client.Send(kConnect + rest);
  client.Close();
  policy_.TakeHeld()(GrantAll());
  TestSocket broker = broker_.Accept();
  EXPECT_EQ(broker.ReceiveExactly(kConnect.size()), kConnect);
  broker.Send(kConnack);
  EXPECT_EQ(broker.ReceiveAll(), rest);
}

TEST_F(ClientConnectionTest, PassesAPacketLargerThanAllBuffers) {
  // The client has no token.
  config_->session.max_unauthenticated_packet_size =
      config_->session.max_packet_size;
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  const std::string large = Publish(std::string(3000000, 'x')) + kPingreq;
  std::thread sender([&] { client.Send(large); });
  EXPECT_EQ(broker.ReceiveExactly(large.size()), large);
  sender.join();
  sender =
      std::thread([&] { broker.Send(Publish(std::string(3000000, 'y'))); });
  EXPECT_EQ(client.ReceiveExactly(large.size() - 2),
            Publish(std::string(3000000, 'y')));
  sender.join();
  client.Close();
}

TEST_F(ClientConnectionTest, RefusesAndEndsInOrder) {
  policy_.Hold();
  Start();
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  client.Send(kConnect);
  policy::v1::AuthenticateResponse denial;
  denial.mutable_denial()->set_reason(policy::v1::Denial::REASON_NO_CREDENTIAL);
  policy_.TakeHeld()(denial);
  EXPECT_EQ(client.ReceiveAll(), std::string("\x20\x02\x00\x05", 4));
  EXPECT_TRUE(client.tls().is_closed());      // close_notify
  EXPECT_FALSE(client.socket().was_reset());  // then FIN
}

// The answer comes on another thread, when the connection is gone, and when the
// loop is gone.
TEST_F(ClientConnectionTest, OutlivesAnswersThatComeTooLate) {
  policy_.Hold();
  Start();
  FakePolicyClient::Done late, twice, too_late;
  {
    TestClient client(address_), other(address_);
    ASSERT_TRUE(client.Handshake());
    client.Send(kConnect);
    late = policy_.TakeHeld();
    ASSERT_TRUE(other.Handshake());
    other.Send(kConnect);
    too_late = policy_.TakeHeld();
    pool_->Drain(absl::ZeroDuration());
    client.ReceiveAll();
    other.ReceiveAll();
  }
  EXPECT_TRUE(pool_->WaitUntilIdle(absl::Seconds(60)));
  late(GrantAll());
  late(GrantAll());
  pool_.reset();
  too_late(GrantAll());
}

TEST_F(ClientConnectionTest, IgnoresASecondAnswer) {
  policy_.Hold();
  Start();
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  client.Send(kConnect);
  FakePolicyClient::Done done = policy_.TakeHeld();
  std::thread([&done] {
    done(GrantAll());
    done(absl::UnavailableError("twice"));
  }).join();
  TestSocket broker = broker_.Accept();
  EXPECT_EQ(broker.ReceiveExactly(kConnect.size()), kConnect);
  broker.Send(kConnack);
  EXPECT_EQ(client.ReceiveExactly(4), kConnack);
  client.Close();
  EXPECT_EQ(broker.ReceiveAll(), "");
}

TEST_F(ClientConnectionTest, StoresATokenFromAuthzInfo) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  const std::string publish(
      "\x32\x13\x00\x0a"
      "authz-info"
      "\x00\x01"
      "token",
      21);
  client.Send(publish);
  EXPECT_EQ(client.ReceiveExactly(4), std::string("\x40\x02\x00\x01", 4));
  client.Close();
  EXPECT_EQ(broker.ReceiveAll(), "");
}

TEST_F(ClientConnectionTest, TellsTheClientThatThereIsNoBroker) {
  broker_.Close();
  Start();
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  client.Send(kConnect);
  EXPECT_EQ(client.ReceiveAll(), std::string("\x20\x02\x00\x03", 4));
  EXPECT_TRUE(client.tls().is_closed());
}

TEST_F(ClientConnectionTest, DeliversWhatTheBrokerSentBeforeItsEnd) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  broker.Send(Publish("last words"));
  broker.Close();
  EXPECT_EQ(client.ReceiveAll(), Publish("last words"));
  EXPECT_TRUE(client.tls().is_closed());
}

TEST_F(ClientConnectionTest, EndsTheClientWhenTheBrokerResets) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  broker.Reset();
  EXPECT_EQ(client.ReceiveAll(), "");
  EXPECT_TRUE(client.tls().is_closed());
}

TEST_F(ClientConnectionTest, EndsTheBrokerWhenTheClientResets) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  client.socket().Reset();
  EXPECT_EQ(broker.ReceiveAll(), "");
  EXPECT_FALSE(broker.was_reset());
}

TEST_F(ClientConnectionTest, EndsTheBrokerWhenARecordIsForged) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  client.tls().Write(Publish("x"));
  std::string record = client.tls().TakeOutput();
  record.back() ^= 1;
  client.socket().Send(record);
  EXPECT_EQ(client.ReceiveAll(), "");
  EXPECT_EQ(client.tls().alert(), SSL_AD_BAD_RECORD_MAC);
  EXPECT_EQ(broker.ReceiveAll(), "");
}

TEST_F(ClientConnectionTest, CountsHandshakesThatFail) {
  Start();
  const auto failed = [this] {
    return Sum([](const LoopStats& s) { return s.handshakes_failed.value(); });
  };
  {
    TestClient client(address_);  // RST in the middle
    client.socket().Send(client.tls().TakeOutput().substr(0, 20));
    client.socket().Reset();
    Await([&] { return failed() == 1; });
  }
  {
    TestClient client(address_);  // FIN in the middle
    client.socket().Send(client.tls().TakeOutput().substr(0, 20));
    client.socket().FinishSending();
    EXPECT_EQ(client.socket().ReceiveAll(), "");
  }
  {
    TestSocket client = TestSocket::Connect(address_);
    client.Send("GET / HTTP/1.1\r\n\r\n");
    client.ReceiveAll();
  }
  {
    TlsPeer::Options options;
    options.alpn = {"h2"};
    TestClient client(address_, options);
    EXPECT_FALSE(client.Handshake());
    EXPECT_EQ(client.tls().alert(), SSL_AD_NO_APPLICATION_PROTOCOL);
  }
  Await([&] { return failed() == 4; });
  EXPECT_THAT(handshakes_.reasons(),
              ::testing::ElementsAre("broken off by the client",
                                     "broken off by the client", "http request",
                                     "no application protocol"));
}

// So do load balancers that look whether somebody is there.
TEST_F(ClientConnectionTest, WhoSaysNothingAndLeavesHasFailedNoHandshake) {
  Start();
  TestSocket::Connect(address_).FinishSending();
  TestSocket::Connect(address_).Reset();
  Await([this] {
    return Sum([](const LoopStats& s) {
             return s.connections_closed.value();
           }) == 2;
  });
  EXPECT_EQ(Sum([](const LoopStats& s) { return s.handshakes_failed.value(); }),
            0u);
  EXPECT_THAT(handshakes_.reasons(), ::testing::IsEmpty());
}

TEST_F(ClientConnectionTest, CarriesOutTheSessionsTimer) {
  config_->session.connect_timeout = absl::Milliseconds(30);
  Start();
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  EXPECT_EQ(client.ReceiveAll(), "");  // no CONNECT in time
  EXPECT_TRUE(client.tls().is_closed());
}

}  // namespace
}  // namespace sluice::transport
