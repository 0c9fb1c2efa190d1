#include "policy/admin/decision_service.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "policy/service/access_control.h"
#include "policy/service/replica.h"
#include "test/policy/service/asking_harness.h"

namespace sluice::policy {
namespace {

using admin::v1::WatchDecisionsRequest;
using admin::v1::WatchDecisionsResponse;

class DecisionServiceTest
    : public AskingHarness<DecisionService, admin::v1::DecisionService> {
 protected:
  // A call, until it goes out of scope.
  struct Call {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<WatchDecisionsResponse>> stream;
    ~Call() { context.TryCancel(); }

    WatchDecisionsResponse Read() {
      WatchDecisionsResponse response;
      EXPECT_TRUE(stream->Read(&response));
      return response;
    }
  };

  // Returns when the proxies are being asked.
  std::unique_ptr<Call> Watch(const WatchDecisionsRequest& request) {
    auto call = std::make_unique<Call>();
    call->stream = stub_->WatchDecisions(&call->context, request);
    call->stream->WaitForInitialMetadata();
    return call;
  }
  static bool IsAskedForDecisions(WatchingProxy& proxy) {
    const v1::WatchResponse order = proxy.Read();
    EXPECT_TRUE(order.has_watch_decisions()) << order.DebugString();
    return order.watch_decisions().enabled();
  }
  static v1::Decision About(const std::string& subject,
                            v1::Decision::Result result) {
    v1::Decision decision;
    decision.set_subject(subject);
    decision.set_client_id(subject + "-1");
    decision.set_action(v1::Decision::ACTION_PUBLISH);
    decision.set_result(result);
    return decision;
  }
  static void Tell(WatchingProxy& proxy,
                   const std::vector<v1::Decision>& decisions,
                   uint64_t dropped = 0) {
    v1::WatchRequest request;
    for (const v1::Decision& decision : decisions) {
      *request.mutable_decisions()->add_decisions() = decision;
    }
    request.mutable_decisions()->set_dropped(dropped);
    proxy.Send(request);
  }
};

TEST_F(DecisionServiceTest, ProxiesAreAskedWhileSomebodyWatches) {
  const auto before = Proxy("before");
  auto first = Watch({});
  EXPECT_TRUE(IsAskedForDecisions(*before));
  const auto after = Proxy("after");
  EXPECT_TRUE(IsAskedForDecisions(*after));
  auto second = Watch({});
  first.reset();
  // Nothing is said to proxies until the last has gone.
  Tell(*after, {About("alice", v1::Decision::RESULT_DENIED)});
  const WatchDecisionsResponse told = second->Read();
  EXPECT_EQ(told.proxy(), "after");
  EXPECT_EQ(told.decision().subject(), "alice");
  second.reset();
  EXPECT_FALSE(IsAskedForDecisions(*before));
  EXPECT_FALSE(IsAskedForDecisions(*after));
}

TEST_F(DecisionServiceTest, TellsWhatFits) {
  const auto a = Proxy("a");
  const auto b = Proxy("b");
  WatchDecisionsRequest request;
  request.set_subject("alice");
  const auto subject = Watch(request);
  request.Clear();
  request.set_client_id("bob-1");
  const auto client = Watch(request);
  request.Clear();
  request.set_result(v1::Decision::RESULT_ALLOWED);
  request.set_proxy("b");
  const auto of_b = Watch(request);
  request.Clear();
  request.set_action(v1::Decision::ACTION_CONNECT);
  const auto connects = Watch(request);
  EXPECT_TRUE(IsAskedForDecisions(*a));

  const v1::Decision allowed = About("bob", v1::Decision::RESULT_ALLOWED);
  const v1::Decision denied = About("alice", v1::Decision::RESULT_DENIED);
  v1::Decision connect = About("carol", v1::Decision::RESULT_DENIED);
  connect.set_action(v1::Decision::ACTION_CONNECT);
  Tell(*a, {allowed, denied, connect});
  EXPECT_EQ(subject->Read().decision().subject(), "alice");
  EXPECT_EQ(client->Read().decision().subject(), "bob");
  EXPECT_EQ(connects->Read().decision().subject(), "carol");
  Tell(*b, {denied, allowed});
  EXPECT_EQ(of_b->Read().proxy(), "b");
}

TEST_F(DecisionServiceTest, SaysHowManyAreMissing) {
  const auto proxy = Proxy("p");
  const auto call = Watch({});
  EXPECT_TRUE(IsAskedForDecisions(*proxy));
  Tell(*proxy, {About("a", v1::Decision::RESULT_DENIED)}, 7);
  EXPECT_EQ(call->Read().dropped(), 7);
  Tell(*proxy, {About("b", v1::Decision::RESULT_DENIED)});
  EXPECT_EQ(call->Read().dropped(), 0);
  // More than is kept for one who does not read.
  const std::vector<v1::Decision> many(
      1500, About(std::string(200, 's'), v1::Decision::RESULT_DENIED));
  Tell(*proxy, many);
  Tell(*proxy, {About("last", v1::Decision::RESULT_DENIED)});
  int64_t seen = 0;
  int64_t dropped = 0;
  for (WatchDecisionsResponse response; seen + dropped < 1501; ++seen) {
    ASSERT_TRUE(call->stream->Read(&response));
    dropped += response.dropped();
    if (response.decision().subject() == "last") {
      ++seen;
      break;
    }
  }
  EXPECT_EQ(seen + dropped, 1501);
  EXPECT_GT(dropped, 0);
}

TEST_F(DecisionServiceTest, KeepsSoManyBytesForOneWhoDoesNotRead) {
  const auto proxy = Proxy("p");
  const auto call = Watch({});
  EXPECT_TRUE(IsAskedForDecisions(*proxy));
  // Together they would be 20 MB.
  const v1::Decision large =
      About(std::string(100'000, 's'), v1::Decision::RESULT_DENIED);
  for (int i = 0; i < 100; ++i) Tell(*proxy, {large, large});
  // Who reads hears of what came behind them.
  WatchDecisionsRequest request;
  request.set_subject("next");
  const auto reader = Watch(request);
  Tell(*proxy, {About("next", v1::Decision::RESULT_DENIED)});
  EXPECT_EQ(reader->Read().decision().subject(), "next");
  int64_t dropped = 0;
  int64_t seen = 0;
  for (WatchDecisionsResponse response; response.decision().subject() != "next";
       ++seen) {
    ASSERT_TRUE(call->stream->Read(&response));
    dropped += response.dropped();
  }
  EXPECT_EQ(seen + dropped, 201);
  EXPECT_GT(dropped, 100);
}

TEST_F(DecisionServiceTest, IsBoundedAndForOperators) {
  std::vector<std::unique_ptr<Call>> calls;
  for (size_t i = 0; i < WatchHub::kMaxDecisionWatchers; ++i) {
    calls.push_back(Watch({}));
  }
  auto refused = Watch({});
  EXPECT_EQ(refused->stream->Finish().error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  hub_.Close();
  WatchDecisionsResponse response;
  EXPECT_FALSE(calls[0]->stream->Read(&response));
  EXPECT_EQ(calls[0]->stream->Finish().error_code(),
            grpc::StatusCode::UNAVAILABLE);
  refused = Watch({});
  EXPECT_EQ(refused->stream->Finish().error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

TEST(DecisionServiceAccessTest, OnlyOperatorsWatch) {
  WatchHub hub(std::make_shared<Replica>(&absl::Now));
  AccessControl access(AccessControl::Reach::kAnywhere, {});
  DecisionService service(&hub, &access);
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  const auto stub =
      admin::v1::DecisionService::NewStub(server->InProcessChannel({}));
  grpc::ClientContext context;
  const auto stream = stub->WatchDecisions(&context, {});
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
}

}  // namespace
}  // namespace sluice::policy
