// Clients with pre-shared keys, and a policy service that the test plays.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/proxy/transport/worker_pool_harness.h"

namespace sluice::transport {
namespace {

using policy::v1::GetPreSharedKeyResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class PskClientTest : public WorkerPoolTest {
 protected:
  PskClientTest() {
    const auto certificate =
        testing::TestCertificate::SelfSigned(testing::CertificateOptions());
    TlsOptions options;
    options.certificates.push_back(
        {directory_.Write("crt", certificate.certificate_pem()),
         directory_.Write("key", certificate.private_key_pem())});
    options.take_pre_shared_keys = true;
    config_->tls = *TlsContext::Create(options);
    peer_.version = TLS1_2_VERSION;
    peer_.psk_identity = "who";
    peer_.psk = std::string(32, 'k');
  }

  GetPreSharedKeyResponse Key() {
    GetPreSharedKeyResponse response;
    response.mutable_key()->set_key(peer_.psk);
    response.mutable_key()->set_key_id("key-id");
    return response;
  }
  // Sends ClientHello and, when the server has answered, all that follows.
  void BeginHandshake(TestClient* client) {
    client->socket().Send(client->tls().TakeOutput());
    std::string flight;
    while (flight.empty()) {
      client->tls().Feed(client->socket().Receive());
      flight = client->tls().TakeOutput();
    }
    client->socket().Send(flight);
  }

  TlsPeer::Options peer_;
};

// covers: ACE-AUTH-3
TEST_F(PskClientTest, TheKeyIsAskedForAndToldOfLater) {
  Start();
  TestClient client(address_, peer_);
  BeginHandshake(&client);
  auto [request, done] = policy_.TakePsk();
  EXPECT_EQ(request.psk_identity(), "who");
  EXPECT_EQ(request.connection().listener(), "test");
  EXPECT_THAT(request.connection().client_address(), HasSubstr("127.0.0.1:"));
  done(Key());
  ASSERT_TRUE(client.Handshake());
  client.Send(kConnect);
  TestSocket broker = broker_.Accept();
  EXPECT_EQ(broker.ReceiveExactly(kConnect.size()), kConnect);
  EXPECT_EQ(policy_.connection().psk_key_id(), "key-id");
  client.Close();
}

// covers: ACE-AUTH-3
TEST_F(PskClientTest, WithoutAKeyTheHandshakeFails) {
  Start();
  TestClient client(address_, peer_);
  BeginHandshake(&client);
  GetPreSharedKeyResponse none;
  none.mutable_none()->set_detail("nobody");
  policy_.TakePsk().second(none);
  EXPECT_FALSE(client.Handshake());
  EXPECT_THAT(handshakes_.reasons(), ElementsAre("no pre-shared key: nobody"));
}

TEST_F(PskClientTest, WithoutAKeyTheAddressHasADenialAndAsksNoMore) {
  options_.limits.denials_per_second = 0.001;
  Start();
  TestClient first(address_, peer_);
  TestClient second(address_, peer_);
  BeginHandshake(&first);
  GetPreSharedKeyResponse none;
  none.mutable_none()->set_detail("nobody");
  policy_.TakePsk().second(none);
  EXPECT_FALSE(first.Handshake());
  BeginHandshake(&second);
  EXPECT_FALSE(second.Handshake());
  EXPECT_THAT(handshakes_.reasons(),
              ElementsAre("no pre-shared key: nobody",
                          "no pre-shared key: too many denials of one "
                          "address"));
}

// covers: ACE-AUTH-3
TEST_F(PskClientTest, WithoutAnAnswerTheHandshakeFails) {
  Start();
  TestClient client(address_, peer_);
  BeginHandshake(&client);
  policy_.TakePsk().second(absl::UnavailableError("away"));
  EXPECT_FALSE(client.Handshake());
  EXPECT_THAT(handshakes_.reasons(),
              ElementsAre(HasSubstr("policy service does not answer")));
  EXPECT_EQ(Sum([](const LoopStats& s) { return s.refused_denials.value(); }),
            0u);
}

TEST_F(PskClientTest, TheHandshakeTimeoutHoldsWhileTheKeyIsAwaited) {
  config_->handshake_timeout = absl::Milliseconds(100);
  Start();
  TestClient client(address_, peer_);
  BeginHandshake(&client);
  auto asked = policy_.TakePsk();
  EXPECT_FALSE(client.Handshake());
  EXPECT_THAT(handshakes_.reasons(), ElementsAre("not done in time"));
  // The answer finds nobody.
  EXPECT_TRUE(pool_->WaitUntilIdle(absl::Seconds(60)));
  asked.second(Key());
}

TEST_F(PskClientTest, ADrainDoesNotWaitForTheKey) {
  Start();
  TestClient client(address_, peer_);
  BeginHandshake(&client);
  auto asked = policy_.TakePsk();
  pool_->Drain(absl::ZeroDuration());
  EXPECT_FALSE(client.Handshake());
  client.socket().Close();
  asked.second(Key());
}

// What comes meanwhile stays in the socket.
TEST_F(PskClientTest, AClientIsNotReadWhileItsKeyIsAwaited) {
  Start();
  TestClient client(address_, peer_);
  BeginHandshake(&client);
  auto asked = policy_.TakePsk();
  client.socket().Send("this is no record");
  client.socket().FinishSending();
  asked.second(Key());
  // The handshake ends, and then the connection.
  EXPECT_TRUE(client.Handshake());
  EXPECT_EQ(client.ReceiveAll(), "");
}

}  // namespace
}  // namespace sluice::transport
