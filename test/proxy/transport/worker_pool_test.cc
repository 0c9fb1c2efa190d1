#include "proxy/transport/worker_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "test/proxy/transport/worker_pool_harness.h"

namespace sluice::transport {
namespace {

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

// Many that come one after the other, most of which are about nobody here.
// covers: ACE-EXP-4
TEST_F(WorkerPoolTest, EndsWhoIsRevokedAndNobodyElse) {
  config_->patience = absl::Milliseconds(50);
  Start();
  TestClient anonymous(address_);
  TestSocket its_broker = Open(&anonymous);
  TestClient alice(address_);
  TestSocket broker = OpenWithAToken(&alice);
  const auto revoke = [this](const std::string& subject) {
    auto update = std::make_shared<policy_client::RevocationUpdate>();
    policy::v1::Revocation& revocation = update->added.emplace_back();
    revocation.set_name("revocations/" + subject);
    revocation.set_subject(subject);
    pool_->ApplyRevocations(update);
  };
  for (int i = 0; i < 200; ++i) revoke(std::to_string(i));
  alice.Send(kPingreq);
  EXPECT_EQ(broker.ReceiveExactly(kPingreq.size()), kPingreq);
  revoke("alice");
  alice.ReceiveAll();
  for (int i = 200; i < 400; ++i) revoke(std::to_string(i));
  anonymous.Send(kPingreq);
  EXPECT_EQ(its_broker.ReceiveExactly(kPingreq.size()), kPingreq);
  Await([this] { return pool_->connections() == 1; });
  anonymous.Close();
}

TEST_F(WorkerPoolTest, DrainsOverATime) {
  config_->patience = absl::Milliseconds(50);
  Start();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(std::make_unique<TestClient>(address_));
  }
  Await([this] { return pool_->connections() == 5; });
  // Less than one a round: one each now and then.
  pool_->Drain(absl::Seconds(2));
  EXPECT_FALSE(pool_->WaitUntilIdle(absl::Seconds(1)));
  EXPECT_TRUE(pool_->WaitUntilIdle(absl::Seconds(60)));
}

TEST_F(WorkerPoolTest, DrainsInOrder) {
  Start();
  TestClient open(address_), handshaking(address_);
  TestSocket broker = Open(&open);
  Await([this] { return pool_->connections() == 2; });
  pool_->Drain(absl::ZeroDuration());
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

TEST_F(WorkerPoolTest, ListsSessionsInPages) {
  options_.workers = 2;
  Start();
  std::vector<std::unique_ptr<TestClient>> clients;
  std::vector<TestSocket> brokers;
  for (int i = 0; i < 7; ++i) {
    clients.push_back(std::make_unique<TestClient>(address_));
    brokers.push_back(Open(clients.back().get()));
  }
  const auto list = [this](const policy::v1::SessionQuery& query) {
    std::promise<std::vector<std::string>> listed;
    pool_->ListSessions(query, [&](auto sessions) {
      std::vector<std::string> ids;
      for (const auto& session : sessions) ids.push_back(session.session_id());
      listed.set_value(std::move(ids));
    });
    return listed.get_future().get();
  };
  policy::v1::SessionQuery query;
  query.set_limit(100);
  const std::vector<std::string> all = list(query);
  ASSERT_EQ(all.size(), 7u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  // Each page begins behind the last.
  std::vector<std::string> paged;
  query.set_limit(2);
  for (;;) {
    const std::vector<std::string> page = list(query);
    if (page.empty()) break;
    ASSERT_LE(page.size(), 2u);
    paged.insert(paged.end(), page.begin(), page.end());
    query.set_after_session_id(page.back());
  }
  EXPECT_EQ(paged, all);
  // What the last page ended with may have gone.
  query.set_after_session_id("0000ffffffffffff");
  query.set_limit(100);
  for (const std::string& id : list(query)) EXPECT_EQ(id[3], '1') << id;
  query.clear_after_session_id();
  query.set_session_id(all[3]);
  EXPECT_EQ(list(query), std::vector<std::string>{all[3]});
  query.set_after_session_id(all[3]);
  EXPECT_TRUE(list(query).empty());
  query.Clear();
  query.set_limit(100);
  query.set_subject("nobody");
  EXPECT_TRUE(list(query).empty());
}

}  // namespace
}  // namespace sluice::transport
