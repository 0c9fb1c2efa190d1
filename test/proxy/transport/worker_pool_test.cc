// Whole connections: a TLS client, the proxy's event loops, and a broker and a
// policy service that the test plays.

#include "proxy/transport/worker_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "test/proxy/transport/end_points.h"
#include "test/testing/test_certificates.h"

namespace sluice::transport {
namespace {

using policy::v1::AuthenticateRequest;
using policy::v1::AuthenticateResponse;
using policy::v1::StoreTokenRequest;
using policy::v1::StoreTokenResponse;
using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;

// MQTT 3.1.1, clean session, client identifier "c", no credential.
const std::string kConnect(
    "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01"
    "c",
    15);
const std::string kConnack("\x20\x02\x00\x00", 4);
const std::string kDisconnect("\xe0\x00", 2);
const std::string kPingreq("\xc0\x00", 2);
const std::string kPingresp("\xd0\x00", 2);

// QoS 0, topic "t".
std::string Publish(absl::string_view payload) {
  std::string packet = "\x30";
  for (size_t length = 3 + payload.size(); length > 0; length >>= 7) {
    packet += static_cast<char>((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
  }
  packet += std::string("\x00\x01t", 3);
  packet.append(payload.data(), payload.size());
  return packet;
}

AuthenticateResponse GrantAll() {
  AuthenticateResponse response;
  auto* permission = response.mutable_grant()->add_permissions();
  permission->set_topic_filter("#");
  permission->set_publish(true);
  permission->set_subscribe(true);
  return response;
}

// Grants everything from within the call, or leaves the answer to the test.
class FakePolicyClient : public policy_client::PolicyClientInterface {
 public:
  using Done = Callback<AuthenticateResponse>;

  void Authenticate(const AuthenticateRequest&, Done done) override {
    if (!hold_) {
      done(GrantAll());
      return;
    }
    std::lock_guard<std::mutex> lock(mutex_);
    held_.push_back(std::move(done));
    arrived_.notify_all();
  }
  void StoreToken(const StoreTokenRequest& request,
                  Callback<StoreTokenResponse> done) override {
    StoreTokenResponse response;
    response.mutable_stored()->set_token_id(request.token());
    done(std::move(response));
  }

  void Hold() { hold_ = true; }
  // Waits for a request and returns its callback.
  Done TakeHeld() {
    std::unique_lock<std::mutex> lock(mutex_);
    EXPECT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(60),
                                  [this] { return !held_.empty(); }));
    Done done = std::move(held_.front());
    held_.erase(held_.begin());
    return done;
  }

 private:
  std::atomic<bool> hold_{false};
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<Done> held_;
};

class QuietObserver : public session::ObserverInterface {
 public:
  void OnEvent(const session::Event&) override {}
};

class HandshakeObserver : public TransportObserverInterface {
 public:
  void OnHandshakeFailed(absl::string_view, absl::string_view reason) override {
    std::lock_guard<std::mutex> lock(mutex_);
    reasons_.emplace_back(reason);
  }
  std::vector<std::string> reasons() {
    std::lock_guard<std::mutex> lock(mutex_);
    return reasons_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> reasons_;
};

class WorkerPoolTest : public ::testing::Test {
 protected:
  WorkerPoolTest() {
    config_->session.listener = "test";
    config_->tls = NewTls("localhost");
    config_->upstream = *Upstream::Parse(broker_.address().ToString());
    options_.workers = 1;
    options_.peers = {&policy_, &observer_, &handshakes_};
  }
  // Whatever a test did, no connection is left behind.
  ~WorkerPoolTest() override {
    if (pool_ == nullptr) return;
    EXPECT_TRUE(pool_->WaitUntilIdle(absl::Seconds(60)));
    EXPECT_EQ(Sum([](const LoopStats& stats) { return stats.connections(); }),
              0u);
  }

  std::shared_ptr<const TlsContext> NewTls(const std::string& common_name) {
    CertificateOptions options;
    options.common_name = common_name;
    const auto certificate = TestCertificate::SelfSigned(options);
    auto context = TlsContext::Create(
        {{{directory_.Write("crt", certificate.certificate_pem()),
           directory_.Write("key", certificate.private_key_pem())}},
         TlsVersion::k12});
    EXPECT_TRUE(context.ok()) << context.status();
    return *std::move(context);
  }

  void Start() {
    options_.listeners = {{"127.0.0.1:0", config_}};
    auto pool = WorkerPool::Create(options_);
    ASSERT_TRUE(pool.ok()) << pool.status();
    pool_ = *std::move(pool);
    address_ =
        *SocketAddress::FromLiteral(*HostPort::Parse(pool_->addresses()[0]));
    pool_->Start();
  }

  // Connects a client up to CONNACK; returns the broker's end.
  TestSocket Open(TestClient* client) {
    EXPECT_TRUE(client->Handshake());
    client->Send(kConnect);
    TestSocket broker = broker_.Accept();
    EXPECT_EQ(broker.ReceiveExactly(kConnect.size()), kConnect);
    broker.Send(kConnack);
    EXPECT_EQ(client->ReceiveExactly(4), kConnack);
    return broker;
  }

  uint64_t Sum(const std::function<uint64_t(const LoopStats&)>& value) {
    uint64_t sum = 0;
    for (const auto& worker : pool_->workers()) sum += value(worker->stats());
    return sum;
  }
  uint64_t Copied() {
    return Sum(
        [](const LoopStats& s) { return s.forwarded_bytes_copied.value(); });
  }
  // Waits for a condition that other threads bring about.
  void Await(const std::function<bool()>& condition) {
    const absl::Time limit = absl::Now() + absl::Seconds(60);
    while (!condition() && absl::Now() < limit) std::this_thread::yield();
    EXPECT_TRUE(condition());
  }

  TempDir directory_;
  FakePolicyClient policy_;
  QuietObserver observer_;
  HandshakeObserver handshakes_;
  TestBroker broker_;
  std::shared_ptr<ListenerConfig> config_ = std::make_shared<ListenerConfig>();
  WorkerPoolOptions options_;
  std::unique_ptr<WorkerPool> pool_;
  SocketAddress address_;
};

TEST_F(WorkerPoolTest, CarriesPacketsBothWaysWithoutCopying) {
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
  EXPECT_EQ(Sum([](const LoopStats& s) { return s.bytes[0].value(); }),
            kConnect.size() + up.size() + kDisconnect.size());
  EXPECT_EQ(Sum([](const LoopStats& s) { return s.bytes[1].value(); }),
            kConnack.size() + down.size());
  uint64_t handshakes = 0;
  for (size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
    handshakes += pool_->workers()[0]->stats().handshakes.count(i);
  }
  EXPECT_EQ(handshakes, 1u);
}

TEST_F(WorkerPoolTest, TakesPacketsAByteAtATime) {
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

TEST_F(WorkerPoolTest, HoldsPacketsUntilConnackAndThenTheEnd) {
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

TEST_F(WorkerPoolTest, PassesAPacketLargerThanAllBuffers) {
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

TEST_F(WorkerPoolTest, RefusesAndEndsInOrder) {
  policy_.Hold();
  Start();
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  client.Send(kConnect);
  AuthenticateResponse denial;
  denial.mutable_denial()->set_reason(policy::v1::Denial::REASON_NO_CREDENTIAL);
  policy_.TakeHeld()(denial);
  EXPECT_EQ(client.ReceiveAll(), std::string("\x20\x02\x00\x05", 4));
  EXPECT_TRUE(client.tls().is_closed());      // close_notify
  EXPECT_FALSE(client.socket().was_reset());  // then FIN
}

// The answer comes on another thread, when the connection is gone, and when the
// loop is gone.
TEST_F(WorkerPoolTest, OutlivesAnswersThatComeTooLate) {
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
    pool_->Drain();
    client.ReceiveAll();
    other.ReceiveAll();
  }
  EXPECT_TRUE(pool_->WaitUntilIdle(absl::Seconds(60)));
  late(GrantAll());
  late(GrantAll());
  pool_.reset();
  too_late(GrantAll());
}

TEST_F(WorkerPoolTest, IgnoresASecondAnswer) {
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

TEST_F(WorkerPoolTest, StoresATokenFromAuthzInfo) {
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

TEST_F(WorkerPoolTest, TellsTheClientThatThereIsNoBroker) {
  broker_.Close();
  Start();
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  client.Send(kConnect);
  EXPECT_EQ(client.ReceiveAll(), std::string("\x20\x02\x00\x03", 4));
  EXPECT_TRUE(client.tls().is_closed());
}

TEST_F(WorkerPoolTest, DeliversWhatTheBrokerSentBeforeItsEnd) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  broker.Send(Publish("last words"));
  broker.Close();
  EXPECT_EQ(client.ReceiveAll(), Publish("last words"));
  EXPECT_TRUE(client.tls().is_closed());
}

TEST_F(WorkerPoolTest, EndsTheClientWhenTheBrokerResets) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  broker.Reset();
  EXPECT_EQ(client.ReceiveAll(), "");
  EXPECT_TRUE(client.tls().is_closed());
}

TEST_F(WorkerPoolTest, EndsTheBrokerWhenTheClientResets) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  client.socket().Reset();
  EXPECT_EQ(broker.ReceiveAll(), "");
  EXPECT_FALSE(broker.was_reset());
}

TEST_F(WorkerPoolTest, EndsTheBrokerWhenARecordIsForged) {
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

TEST_F(WorkerPoolTest, CountsHandshakesThatFail) {
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

TEST_F(WorkerPoolTest, BoundsTheHandshakesTime) {
  config_->handshake_timeout = absl::Milliseconds(30);
  Start();
  TestSocket client = TestSocket::Connect(address_);
  EXPECT_EQ(client.ReceiveAll(), "");
  Await([&] { return handshakes_.reasons().size() == 1; });
  EXPECT_EQ(handshakes_.reasons()[0], "not done in time");
}

TEST_F(WorkerPoolTest, CarriesOutTheSessionsTimer) {
  config_->session.connect_timeout = absl::Milliseconds(30);
  Start();
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  EXPECT_EQ(client.ReceiveAll(), "");  // no CONNECT in time
  EXPECT_TRUE(client.tls().is_closed());
}

// covers: edge 19
TEST_F(WorkerPoolTest, WaitsForASlowClient) {
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
  Await([this] { return Copied() >= WriteQueue::kHighWatermark; });
  // The queue holds no more than the mark and what one read yields.
  EXPECT_LT(Copied(), WriteQueue::kHighWatermark + 300 * 1024);
  EXPECT_FALSE(sent);
  // What the client sends meanwhile goes through.
  client.Send(kPingreq);
  EXPECT_EQ(broker.ReceiveExactly(2), kPingreq);
  EXPECT_TRUE(client.ReceiveExactly(packets.size()) == packets);
  sender.join();
  client.Close();
}

// covers: edge 19
TEST_F(WorkerPoolTest, WaitsForASlowBroker) {
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
  Await([this] { return Copied() >= WriteQueue::kHighWatermark; });
  EXPECT_LT(Copied(), WriteQueue::kHighWatermark + 300 * 1024);
  EXPECT_FALSE(sent);
  EXPECT_TRUE(broker.ReceiveExactly(packets.size()) == packets);
  sender.join();
  client.Close();
  EXPECT_EQ(broker.ReceiveAll(), "");
}

TEST_F(WorkerPoolTest, FlushesToASlowBrokerBeforeTheEnd) {
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

TEST_F(WorkerPoolTest, BoundsTheNumberOfConnections) {
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

TEST_F(WorkerPoolTest, BoundsTheRateOfConnections) {
  options_.limits.connections_per_second = 0.001;
  Start();
  TestClient first(address_);
  ASSERT_TRUE(first.Handshake());
  TestSocket second = TestSocket::Connect(address_);
  EXPECT_EQ(second.ReceiveAll(), "");
  EXPECT_EQ(Sum([](const LoopStats& s) { return s.refused_rate.value(); }), 1u);
  first.Close();
}

TEST_F(WorkerPoolTest, TellsTheBrokerTheClientsAddress) {
  config_->upstream.send_proxy_protocol = true;
  Start();
  TestClient client(address_);
  ASSERT_TRUE(client.Handshake());
  client.Send(kConnect);
  TestSocket broker = broker_.Accept();
  const std::string header = broker.ReceiveExactly(28);
  EXPECT_EQ(header.substr(0, 16),
            std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c", 16));
  const uint16_t port = SocketAddress::OfSocket(client.socket().fd()).port();
  EXPECT_EQ(header.substr(24, 4),
            std::string({static_cast<char>(port >> 8), static_cast<char>(port),
                         static_cast<char>(address_.port() >> 8),
                         static_cast<char>(address_.port())}));
  EXPECT_EQ(broker.ReceiveExactly(kConnect.size()), kConnect);
  client.Close();
}

TEST_F(WorkerPoolTest, ServesNewClientsDifferentlyAfterAReload) {
  Start();
  TestClient before(address_);
  ASSERT_TRUE(before.Handshake());
  auto changed = std::make_shared<ListenerConfig>(*config_);
  changed->tls = NewTls("renewed");
  pool_->Reconfigure(0, changed);
  Await([this] {
    TestClient client(address_);
    const bool renewed =
        client.Handshake() && client.tls().ServerCommonName() == "renewed";
    client.Close();
    return renewed;
  });
  TestSocket broker = Open(&before);  // still served
  before.Close();
}

TEST_F(WorkerPoolTest, DrainsInOrder) {
  Start();
  TestClient open(address_), handshaking(address_);
  TestSocket broker = Open(&open);
  Await([this] { return pool_->connections() == 2; });
  pool_->Drain();
  EXPECT_EQ(open.ReceiveAll(), "");
  EXPECT_TRUE(open.tls().is_closed());
  EXPECT_EQ(broker.ReceiveAll(), "");
  EXPECT_EQ(handshaking.socket().ReceiveAll(), "");
}

TEST_F(WorkerPoolTest, BreaksOffWhatIsLeftAtItsEnd) {
  Start();
  TestClient client(address_);
  TestSocket broker = Open(&client);
  pool_.reset();
  client.ReceiveAll();
  broker.ReceiveAll();
}

// For the thread sanitizer, above all: loops, clients and answers at once.
TEST_F(WorkerPoolTest, ServesManyClientsOnManyLoops) {
  policy_.Hold();
  options_.workers = 3;
  Start();
  constexpr int kThreads = 4, kClients = 10;
  std::vector<std::thread> clients;
  for (int i = 0; i < kThreads; ++i) {
    clients.emplace_back([this] {
      for (int j = 0; j < kClients; ++j) {
        TestClient client(address_);
        ASSERT_TRUE(client.Handshake());
        client.Send(kConnect);
        EXPECT_EQ(client.ReceiveExactly(4), kConnack);
        client.Send(kDisconnect);
        client.Close();
      }
    });
  }
  std::thread answers([this] {
    for (int i = 0; i < kThreads * kClients; ++i) {
      policy_.TakeHeld()(GrantAll());
    }
  });
  for (int i = 0; i < kThreads * kClients; ++i) {
    TestSocket broker = broker_.Accept();
    EXPECT_EQ(broker.ReceiveExactly(kConnect.size()), kConnect);
    broker.Send(kConnack);
    EXPECT_EQ(broker.ReceiveAll(), kDisconnect);
  }
  answers.join();
  for (std::thread& client : clients) client.join();
  EXPECT_TRUE(pool_->WaitUntilIdle(absl::Seconds(60)));
  EXPECT_EQ(
      Sum([](const LoopStats& s) { return s.connections_opened.value(); }),
      static_cast<uint64_t>(kThreads * kClients));
}

}  // namespace
}  // namespace sluice::transport
