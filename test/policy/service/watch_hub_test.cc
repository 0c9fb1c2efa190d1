#include "policy/service/watch_hub.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "policy/service/access_control.h"
#include "policy/service/call_pool.h"
#include "policy/service/policy_service.h"
#include "policy/store/memory_resource_store.h"
#include "proto/sluice/admin/v1/revocation.pb.h"
#include "test/policy/service/watching_proxy.h"

// covers: ACE-EXP-4

namespace sluice::policy {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

class WatchHubTest : public ::testing::Test {
 protected:
  WatchHubTest() {
    replica_->SetConfiguration("config");
    replica_->Follow(&store_);
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = v1::PolicyService::NewStub(server_->InProcessChannel({}));
  }
  ~WatchHubTest() override {
    hub_.Close();
    server_->Shutdown();
  }

  int64_t Revoke(const std::string& id) {
    admin::v1::Revocation revocation;
    revocation.set_subject("alice");
    Resource resource;
    resource.collection = kRevocations;
    resource.id = id;
    resource.value = revocation.SerializeAsString();
    return store_.Put(resource, std::nullopt, kNow)->revision;
  }
  // The future of what comes of a question.
  std::future<absl::StatusOr<v1::SessionList>> Ask(
      const std::string& proxy, absl::Duration timeout = absl::Minutes(1)) {
    auto promise =
        std::make_shared<std::promise<absl::StatusOr<v1::SessionList>>>();
    v1::SessionQuery query;
    query.set_limit(10);
    hub_.ListSessions(proxy, query, timeout,
                      [promise](absl::StatusOr<v1::SessionList> answer) {
                        promise->set_value(std::move(answer));
                      });
    return promise->get_future();
  }

  const std::shared_ptr<Replica> replica_ =
      std::make_shared<Replica>([] { return kNow; });
  WatchHub hub_{replica_};
  MemoryResourceStore store_;
  // Everybody is a proxy.
  AccessControl access_{AccessControl::Reach::kWithCertificate, {}};
  CallPool pool_{0};
  PolicyService service_{{}, &access_, &hub_, &pool_, [] { return kNow; }};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<v1::PolicyService::Stub> stub_;
};

TEST_F(WatchHubTest, AProxyIsToldAllAndThenWhatChanges) {
  Revoke("1");
  WatchingProxy proxy(stub_.get(), "p");
  const v1::WatchResponse all = proxy.Read();
  ASSERT_EQ(all.snapshot().revocations_size(), 1);
  EXPECT_EQ(all.snapshot().revocations(0).name(), "revocations/1");
  EXPECT_EQ(all.snapshot().revocations(0).subject(), "alice");
  EXPECT_EQ(all.position().store_id(), store_.id());
  EXPECT_EQ(proxy.Read().policy().version(),
            replica_->PolicyVersionOf("config"));
  const int64_t revision = Revoke("2");
  v1::WatchResponse change = proxy.Read();
  ASSERT_EQ(change.changes().added_size(), 1);
  EXPECT_EQ(change.changes().added(0).name(), "revocations/2");
  EXPECT_EQ(change.position().revision(), revision);
  EXPECT_TRUE(store_.Delete(kRevocations, "2", std::nullopt, kNow).ok());
  change = proxy.Read();
  ASSERT_EQ(change.changes().deleted_size(), 1);
  EXPECT_EQ(change.changes().deleted(0), "revocations/2");
  replica_->SetConfiguration("changed");
  EXPECT_EQ(proxy.Read().policy().version(),
            replica_->PolicyVersionOf("changed"));
}

// Operators' JSON has no form for others.
TEST_F(WatchHubTest, TimesThatAreNoneAreNotPassedOn) {
  WatchingProxy proxy(stub_.get(), "p");
  proxy.ReadAll();
  auto answer = Ask("p");
  v1::WatchRequest sessions;
  sessions.mutable_sessions()->set_query_id(
      proxy.Read().list_sessions().query_id());
  v1::SessionInfo* session = sessions.mutable_sessions()->add_sessions();
  session->set_session_id("s");
  session->mutable_connected_at()->set_seconds(1'000'000'000'000'000);
  session->mutable_expires_at()->set_seconds(1'700'000'000);
  proxy.Send(sessions);
  const absl::StatusOr<v1::SessionList> list = answer.get();
  ASSERT_EQ(list->sessions_size(), 1);
  EXPECT_EQ(list->sessions(0).connected_at().seconds(), 0);
  EXPECT_EQ(list->sessions(0).expires_at().seconds(), 1'700'000'000);
}

TEST_F(WatchHubTest, AProxyThatComesBackHearsWhatItMissed) {
  v1::WatchStart start;
  start.mutable_position()->set_store_id(store_.id());
  start.mutable_position()->set_revision(Revoke("1"));
  Revoke("2");
  WatchingProxy proxy(stub_.get(), "p", start);
  const v1::WatchResponse change = proxy.Read();
  ASSERT_EQ(change.changes().added_size(), 1);
  EXPECT_EQ(change.changes().added(0).name(), "revocations/2");
}

TEST_F(WatchHubTest, EveryProxyIsTold) {
  std::vector<std::unique_ptr<WatchingProxy>> proxies;
  for (const char* name : {"b", "a", "a"}) {
    proxies.push_back(std::make_unique<WatchingProxy>(stub_.get(), name));
    proxies.back()->ReadAll();
  }
  EXPECT_EQ(hub_.proxies(), (std::vector<std::string>{"a", "b"}));
  Revoke("1");
  for (const auto& proxy : proxies) {
    EXPECT_EQ(proxy->Read().changes().added_size(), 1);
  }
}

TEST_F(WatchHubTest, AsksTheProxyThatCameLast) {
  EXPECT_TRUE(absl::IsNotFound(Ask("p").get().status()));
  WatchingProxy first(stub_.get(), "p");
  first.ReadAll();
  WatchingProxy second(stub_.get(), "p");
  second.ReadAll();
  auto answer = Ask("p");
  const v1::WatchResponse question = second.Read();
  EXPECT_EQ(question.list_sessions().limit(), 10u);
  EXPECT_FALSE(question.has_position());
  v1::SessionQuery unknown = question.list_sessions();
  unknown.set_query_id(12345);
  second.Answer(unknown, "nobody asked");
  second.Answer(question.list_sessions(), "s");
  const absl::StatusOr<v1::SessionList> sessions = answer.get();
  ASSERT_TRUE(sessions.ok()) << sessions.status();
  ASSERT_EQ(sessions->sessions_size(), 1);
  EXPECT_EQ(sessions->sessions(0).session_id(), "s");

  EXPECT_TRUE(absl::IsNotFound(hub_.Disconnect("q", "s")));
  EXPECT_TRUE(hub_.Disconnect("p", "s").ok());
  const v1::WatchResponse order = second.Read();
  ASSERT_EQ(order.disconnect_sessions().session_ids_size(), 1);
  EXPECT_EQ(order.disconnect_sessions().session_ids(0), "s");
}

TEST_F(WatchHubTest, AQuestionEndsWithItsTimeOrItsProxy) {
  auto proxy = std::make_unique<WatchingProxy>(stub_.get(), "p");
  proxy->ReadAll();
  EXPECT_TRUE(
      absl::IsDeadlineExceeded(Ask("p", absl::Milliseconds(1)).get().status()));
  auto answer = Ask("p");
  proxy.reset();
  EXPECT_TRUE(absl::IsNotFound(answer.get().status()));
}

TEST_F(WatchHubTest, TooManyQuestionsAreRefused) {
  WatchingProxy proxy(stub_.get(), "p");
  proxy.ReadAll();
  std::vector<std::future<absl::StatusOr<v1::SessionList>>> answers;
  for (int i = 0; i < 64; ++i) answers.push_back(Ask("p"));
  EXPECT_TRUE(absl::IsResourceExhausted(Ask("p").get().status()));
}

TEST_F(WatchHubTest, RefusesAProxyThatBreaksTheRules) {
  for (const std::string& name :
       {std::string(), std::string("a/b"), std::string(256, 'x')}) {
    EXPECT_EQ(WatchingProxy(stub_.get(), name).End().error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
  WatchingProxy proxy(stub_.get(), "p");
  v1::WatchRequest again;
  again.mutable_start()->set_proxy("p");
  proxy.Send(again);
  EXPECT_EQ(proxy.End().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(WatchHubTest, AProxyHasToSayFirstWhoItIs) {
  v1::WatchRequest decisions;
  decisions.mutable_decisions()->add_decisions()->set_topic("forged");
  v1::WatchRequest sessions;
  sessions.mutable_sessions()->set_query_id(1);
  for (const v1::WatchRequest& request : {decisions, sessions}) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    const auto stream = stub_->Watch(&context);
    stream->Write(request);
    EXPECT_EQ(stream->Finish().error_code(),
              grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(WatchHubTest, AStreamEndsWhenItsProxyIsNoneAnyMore) {
  WatchingProxy proxy(stub_.get(), "p");
  proxy.ReadAll();
  // Has not said yet who it is.
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(20));
  const auto silent = stub_->Watch(&context);
  hub_.RecheckCallers();
  EXPECT_GT(Revoke("1"), 0);
  EXPECT_TRUE(proxy.Read().has_changes());
  access_.SetRules({{"another"}, {}});
  hub_.RecheckCallers();
  for (const grpc::Status& status : {proxy.End(), silent->Finish()}) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
    EXPECT_EQ(status.error_message(),
              "access.proxies has none of the certificate's names");
  }
}

TEST_F(WatchHubTest, ClosingEndsAllStreams) {
  WatchingProxy proxy(stub_.get(), "p");
  proxy.ReadAll();
  hub_.Close();
  EXPECT_EQ(proxy.End().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(WatchingProxy(stub_.get(), "p").End().error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace sluice::policy
