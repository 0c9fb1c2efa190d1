#include "proxy/policy_client/policy_client.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "absl/time/clock.h"
#include "absl/types/optional.h"
#include "proxy/policy_client/completion_thread.h"
#include "test/testing/dead_proxy.h"
#include "test/testing/mutual_tls.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy_client {
namespace {

using policy::v1::AuthenticateRequest;
using policy::v1::AuthenticateResponse;
using policy::v1::StoreTokenRequest;
using policy::v1::StoreTokenResponse;
using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;
using ::testing::HasSubstr;

constexpr absl::Duration kLong = absl::Seconds(60);

// Answers with what it was asked, or not until it is told.
class FakePolicyService final : public policy::v1::PolicyService::Service {
 public:
  grpc::Status Authenticate(grpc::ServerContext* context,
                            const AuthenticateRequest* request,
                            AuthenticateResponse* response) override {
    ++calls_;
    while (blocked_ && !context->IsCancelled()) std::this_thread::yield();
    response->mutable_grant()->set_subject(request->connection().client_id());
    return error_;
  }
  grpc::Status StoreToken(grpc::ServerContext*,
                          const StoreTokenRequest* request,
                          StoreTokenResponse* response) override {
    response->mutable_stored()->set_token_id(request->token());
    return error_;
  }

  grpc::Status GetPreSharedKey(
      grpc::ServerContext*, const policy::v1::GetPreSharedKeyRequest* request,
      policy::v1::GetPreSharedKeyResponse* response) override {
    response->mutable_key()->set_key_id(request->psk_identity());
    return error_;
  }

  void Block() { blocked_ = true; }
  void set_error(grpc::Status error) { error_ = std::move(error); }
  int calls() const { return calls_; }

 private:
  std::atomic<bool> blocked_{false};
  std::atomic<int> calls_{0};
  grpc::Status error_;
};

// Hands a value from one thread to another; std's tools, which the thread
// sanitizer sees through.
template <typename T>
class Handover {
 public:
  void Put(T value) {
    std::lock_guard<std::mutex> lock(mutex_);
    value_ = std::move(value);
    there_.notify_all();
  }
  T Take() {
    std::unique_lock<std::mutex> lock(mutex_);
    there_.wait(lock, [this] { return value_.has_value(); });
    return *std::move(value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable there_;
  absl::optional<T> value_;
};

AuthenticateRequest RequestFor(const std::string& client_id) {
  AuthenticateRequest request;
  request.mutable_connection()->set_client_id(client_id);
  return request;
}

// Asks and waits for the answer.
absl::StatusOr<AuthenticateResponse> Ask(PolicyClient* client,
                                         const std::string& client_id) {
  Handover<absl::StatusOr<AuthenticateResponse>> result;
  client->Authenticate(RequestFor(client_id),
                       [&](absl::StatusOr<AuthenticateResponse> answer) {
                         result.Put(std::move(answer));
                       });
  return result.Take();
}

absl::StatusOr<StoreTokenResponse> Store(PolicyClient* client,
                                         const std::string& token) {
  Handover<absl::StatusOr<StoreTokenResponse>> result;
  StoreTokenRequest request;
  request.set_token(token);
  client->StoreToken(request, [&](absl::StatusOr<StoreTokenResponse> stored) {
    result.Put(std::move(stored));
  });
  return result.Take();
}

uint64_t Observations(const DurationHistogram& histogram) {
  uint64_t count = 0;
  for (size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
    count += histogram.count(i);
  }
  return count;
}

class PolicyClientTest : public ::testing::Test {
 protected:
  ~PolicyClientTest() override { StopServer(); }

  void StartServer(const std::string& address,
                   std::shared_ptr<grpc::ServerCredentials> credentials =
                       grpc::InsecureServerCredentials()) {
    grpc::ServerBuilder builder;
    // A server that is started again takes the same port.
    builder.AddListeningPort(address, std::move(credentials), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
  }
  void StopServer() {
    if (server_ == nullptr) return;
    server_->Shutdown(std::chrono::system_clock::now());
    server_.reset();
  }
  std::string Address() { return "127.0.0.1:" + std::to_string(port_); }
  std::unique_ptr<PolicyClient> Connect(
      absl::Duration timeout = kLong,
      const policy::TlsMaterial* tls = nullptr) {
    return std::make_unique<PolicyClient>(NewChannel(Address(), tls),
                                          &completions_, timeout);
  }

  TempDir directory_;
  FakePolicyService service_;
  CompletionThread completions_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

TEST_F(PolicyClientTest, BringsAnswers) {
  StartServer("127.0.0.1:0");
  auto client = Connect();
  auto answer = Ask(client.get(), "sensor");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->grant().subject(), "sensor");
  EXPECT_TRUE(client->IsReady());

  const absl::StatusOr<StoreTokenResponse> stored =
      Store(client.get(), "token");
  ASSERT_TRUE(stored.ok()) << stored.status();
  EXPECT_EQ(stored->stored().token_id(), "token");

  using PskAnswer = absl::StatusOr<policy::v1::GetPreSharedKeyResponse>;
  Handover<PskAnswer> psk_result;
  policy::v1::GetPreSharedKeyRequest psk_request;
  psk_request.set_psk_identity("who");
  client->GetPreSharedKey(
      psk_request, [&](PskAnswer psk) { psk_result.Put(std::move(psk)); });
  const PskAnswer psk = psk_result.Take();
  ASSERT_TRUE(psk.ok()) << psk.status();
  EXPECT_EQ(psk->key().key_id(), "who");
  EXPECT_EQ(Observations(client->pre_shared_key_latency()), 1u);
  EXPECT_EQ(Observations(client->authenticate_latency()), 1u);
  EXPECT_EQ(Observations(client->store_token_latency()), 1u);
}

TEST_F(PolicyClientTest, WorksInOneProcess) {
  StartServer("127.0.0.1:0");
  PolicyClient client(server_->InProcessChannel({}), &completions_, kLong);
  auto answer = Ask(&client, "embedded");
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->grant().subject(), "embedded");
}

TEST_F(PolicyClientTest, WorksOverAUnixSocket) {
  ASSERT_EQ(chdir(directory_.path().c_str()), 0);
  StartServer("unix:policy");
  PolicyClient client(NewChannel("unix:policy", nullptr), &completions_, kLong);
  EXPECT_TRUE(Ask(&client, "local").ok());
}

TEST_F(PolicyClientTest, TheEnvironmentsProxyIsNotUsed) {
  StartServer("127.0.0.1:0");
  const ::sluice::testing::DeadProxy proxy;
  const auto answer = Ask(Connect().get(), "direct");
  EXPECT_TRUE(answer.ok()) << answer.status();
}

TEST_F(PolicyClientTest, FailsFastWithoutAService) {
  StartServer("127.0.0.1:0");
  StopServer();
  auto client = Connect();
  const absl::Time start = absl::Now();
  auto answer = Ask(client.get(), "c");
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_LT(absl::Now() - start, kLong / 2);
  EXPECT_FALSE(client->IsReady());
  EXPECT_EQ(Observations(client->authenticate_latency()), 1u);
}

TEST_F(PolicyClientTest, RecoversWhenTheServiceComesBack) {
  StartServer("127.0.0.1:0");
  auto client = Connect();
  EXPECT_TRUE(Ask(client.get(), "before").ok());
  StopServer();
  EXPECT_FALSE(Ask(client.get(), "meanwhile").ok());
  StartServer(Address());
  const absl::Time limit = absl::Now() + kLong;
  while (!client->IsReady() && absl::Now() < limit) std::this_thread::yield();
  EXPECT_TRUE(Ask(client.get(), "after").ok());
}

TEST_F(PolicyClientTest, GivesUpAtTheTimeout) {
  StartServer("127.0.0.1:0");
  auto client = Connect();
  ASSERT_TRUE(Ask(client.get(), "connect").ok());
  service_.Block();
  auto hasty = Connect(absl::Milliseconds(50));
  const absl::Status late = Ask(hasty.get(), "c").status();
  EXPECT_EQ(late.code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(late.message(), "the policy service: no answer in time");
}

TEST_F(PolicyClientTest, PassesErrorsOn) {
  StartServer("127.0.0.1:0");
  service_.set_error(
      grpc::Status(grpc::StatusCode::INTERNAL, "store is broken"));
  auto client = Connect();
  auto answer = Ask(client.get(), "c");
  EXPECT_EQ(answer.status().code(), absl::StatusCode::kInternal);
  EXPECT_EQ(answer.status().message(), "the policy service: store is broken");
}

// The service's id is no UTF-8 here: what of the answer is understood is none.
TEST_F(PolicyClientTest, AnAnswerThatIsNotUnderstoodIsAnError) {
  StartServer("127.0.0.1:0");
  auto client = Connect();
  EXPECT_EQ(Store(client.get(), "\xff").status().code(),
            absl::StatusCode::kInternal);
}

TEST_F(PolicyClientTest, CancelsWhatIsUnderWayAtItsEnd) {
  StartServer("127.0.0.1:0");
  service_.Block();
  auto client = Connect();
  std::atomic<int> cancelled{0};
  for (int i = 0; i < 10; ++i) {
    client->Authenticate(RequestFor("c"),
                         [&](absl::StatusOr<AuthenticateResponse> answer) {
                           if (absl::IsCancelled(answer.status())) ++cancelled;
                         });
  }
  const absl::Time limit = absl::Now() + kLong;
  while (service_.calls() < 1 && absl::Now() < limit) std::this_thread::yield();
  client.reset();
  EXPECT_EQ(cancelled, 10);
}

class PolicyClientTlsTest : public PolicyClientTest {
 protected:
  PolicyClientTlsTest() {
    StartServer("127.0.0.1:0", sluice::testing::MutualTls(authority_));
  }
  // Of the client; made with the first.
  void Show(const TestCertificate& certificate) {
    const policy::TlsTexts texts{authority_.certificate_pem(),
                                 certificate.certificate_pem(),
                                 SecretString(certificate.private_key_pem())};
    if (tls_ != nullptr) {
      EXPECT_EQ(tls_->Replace(texts), absl::OkStatus());
      return;
    }
    auto tls = policy::TlsMaterial::Create(texts);
    ASSERT_TRUE(tls.ok()) << tls.status();
    tls_ = *std::move(tls);
  }

  TestCertificate authority_ = TestCertificate::Authority("authority");
  std::unique_ptr<policy::TlsMaterial> tls_;
};

TEST_F(PolicyClientTlsTest, ProvesItself) {
  Show(authority_.Issue({}));
  auto client = Connect(kLong, tls_.get());
  auto answer = Ask(client.get(), "mutual");
  EXPECT_TRUE(answer.ok()) << answer.status();
}

TEST_F(PolicyClientTlsTest, IsRefusedWithAForeignCertificate) {
  Show(TestCertificate::SelfSigned({}));
  auto client = Connect(kLong, tls_.get());
  EXPECT_FALSE(Ask(client.get(), "foreign").ok());
}

TEST_F(PolicyClientTlsTest, TakesOverWhatReplacesItsCertificate) {
  Show(TestCertificate::SelfSigned({}));
  auto client = Connect(kLong, tls_.get());
  EXPECT_FALSE(Ask(client.get(), "foreign").ok());
  Show(authority_.Issue({}));
  while (!Ask(client.get(), "renewed").ok()) std::this_thread::yield();
}

}  // namespace
}  // namespace sluice::policy_client
