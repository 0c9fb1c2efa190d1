#include "test/proxy/transport/worker_pool_harness.h"

#include <chrono>
#include <thread>
#include <utility>

#include "absl/time/clock.h"

namespace sluice::transport {

using policy::v1::AuthenticateRequest;
using policy::v1::AuthenticateResponse;
using policy::v1::StoreTokenRequest;
using policy::v1::StoreTokenResponse;

const std::string kConnect(
    "\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01"
    "c",
    15);
const std::string kConnack("\x20\x02\x00\x00", 4);
const std::string kDisconnect("\xe0\x00", 2);
const std::string kPingreq("\xc0\x00", 2);
const std::string kPingresp("\xd0\x00", 2);

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

AuthenticateResponse GrantAllForAToken() {
  AuthenticateResponse response = GrantAll();
  response.mutable_grant()->set_issuer("https://as.example");
  response.mutable_grant()->set_subject("alice");
  // Never to end is public topics' alone.
  response.mutable_grant()->mutable_expires_at()->set_seconds(4102444800);
  return response;
}

void FakePolicyClient::Authenticate(const AuthenticateRequest& request,
                                    Done done) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    connection_ = request.connection();
  }
  if (!hold_) {
    done(GrantAll());
    return;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  held_.push_back(std::move(done));
  arrived_.notify_all();
}

void FakePolicyClient::StoreToken(const StoreTokenRequest& request,
                                  Callback<StoreTokenResponse> done) {
  StoreTokenResponse response;
  response.mutable_stored()->set_token_id(request.token());
  done(std::move(response));
}

void FakePolicyClient::GetPreSharedKey(
    const policy::v1::GetPreSharedKeyRequest& request, PskDone done) {
  std::lock_guard<std::mutex> lock(mutex_);
  psks_.emplace_back(request, std::move(done));
  arrived_.notify_all();
}

void FakePolicyClient::Check(const policy::v1::CheckRequest& /*request*/,
                             Callback<policy::v1::CheckResponse> done) {
  done(policy::v1::CheckResponse());
}

std::pair<policy::v1::GetPreSharedKeyRequest, FakePolicyClient::PskDone>
FakePolicyClient::TakePsk() {
  std::unique_lock<std::mutex> lock(mutex_);
  EXPECT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(60),
                                [this] { return !psks_.empty(); }));
  auto asked = std::move(psks_.front());
  psks_.erase(psks_.begin());
  return asked;
}

policy::v1::ConnectionInfo FakePolicyClient::connection() {
  std::lock_guard<std::mutex> lock(mutex_);
  return connection_;
}

FakePolicyClient::Done FakePolicyClient::TakeHeld() {
  std::unique_lock<std::mutex> lock(mutex_);
  EXPECT_TRUE(arrived_.wait_for(lock, std::chrono::seconds(60),
                                [this] { return !held_.empty(); }));
  Done done = std::move(held_.front());
  held_.erase(held_.begin());
  return done;
}

void HandshakeObserver::OnHandshakeFailed(absl::string_view /*listener*/,
                                          absl::string_view /*client_address*/,
                                          absl::string_view reason) {
  std::lock_guard<std::mutex> lock(mutex_);
  reasons_.emplace_back(reason);
}

std::vector<std::string> HandshakeObserver::reasons() {
  std::lock_guard<std::mutex> lock(mutex_);
  return reasons_;
}

WorkerPoolTest::WorkerPoolTest() {
  config_->session.listener = "test";
  config_->tls = NewTls("localhost");
  config_->upstream = Upstream({"127.0.0.1", broker_.address().port()});
  options_.workers = 1;
  options_.peers = {&policy_, &observer_, &handshakes_};
}

WorkerPoolTest::~WorkerPoolTest() {
  if (pool_ == nullptr) return;
  EXPECT_TRUE(pool_->WaitUntilIdle(absl::Seconds(60)));
  EXPECT_EQ(Sum([](const LoopStats& stats) { return stats.connections(); }),
            0u);
}

std::shared_ptr<const TlsContext> WorkerPoolTest::NewTls(
    const std::string& common_name) {
  testing::CertificateOptions options;
  options.common_name = common_name;
  const auto certificate = testing::TestCertificate::SelfSigned(options);
  auto context = TlsContext::Create(
      {{{directory_.Write("crt", certificate.certificate_pem()),
         directory_.Write("key", certificate.private_key_pem())}},
       TlsVersion::k12});
  EXPECT_TRUE(context.ok()) << context.status();
  return *std::move(context);
}

void WorkerPoolTest::Start() {
  options_.listeners = {{{"127.0.0.1", 0}, config_}};
  auto pool = WorkerPool::Create(options_);
  ASSERT_TRUE(pool.ok()) << pool.status();
  pool_ = *std::move(pool);
  address_ = *SocketAddress::FromLiteral(*ParseAddress(pool_->addresses()[0]));
  pool_->SetPolicyFollowed(true);
  pool_->Start();
}

TestSocket WorkerPoolTest::Open(TestClient* client) {
  EXPECT_TRUE(client->Handshake());
  client->Send(kConnect);
  return LetIn(client);
}

TestSocket WorkerPoolTest::OpenWithAToken(TestClient* client) {
  policy_.Hold();
  EXPECT_TRUE(client->Handshake());
  client->Send(kConnect);
  policy_.TakeHeld()(GrantAllForAToken());
  return LetIn(client);
}

TestSocket WorkerPoolTest::LetIn(TestClient* client) {
  TestSocket broker = broker_.Accept();
  EXPECT_EQ(broker.ReceiveExactly(kConnect.size()), kConnect);
  broker.Send(kConnack);
  EXPECT_EQ(client->ReceiveExactly(4), kConnack);
  return broker;
}

uint64_t WorkerPoolTest::Sum(
    const std::function<uint64_t(const LoopStats&)>& value) {
  uint64_t sum = 0;
  for (const auto& worker : pool_->workers()) sum += value(worker->stats());
  return sum;
}

uint64_t WorkerPoolTest::Copied() {
  return Sum([](const LoopStats& stats) {
    return stats.forwarded_bytes_copied.value();
  });
}

void WorkerPoolTest::Await(const std::function<bool()>& condition) {
  const absl::Time limit = absl::Now() + absl::Seconds(60);
  while (!condition() && absl::Now() < limit) std::this_thread::yield();
  EXPECT_TRUE(condition());
}

}  // namespace sluice::transport
