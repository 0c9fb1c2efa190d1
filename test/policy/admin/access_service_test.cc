#include "policy/admin/access_service.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/admin/token_name.h"
#include "policy/service/call_pool.h"
#include "policy/store/memory_resource_store.h"
#include "proto/sluice/admin/v1/revocation.pb.h"
#include "proto/sluice/admin/v1/rule.pb.h"
#include "test/policy/service/authenticator_harness.h"

// covers: ACE-SCP-3, ACE-SCP-4

namespace sluice::policy {
namespace {

using admin::v1::AccessQuery;
using admin::v1::ExplainAccessResponse;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Allows what is below "open".
class FakeChecker final : public v1::CheckService::Service {
 public:
  grpc::Status Check(grpc::ServerContext*, const v1::CheckRequest* request,
                     v1::CheckResponse* response) override {
    asked = *request;
    response->set_allowed(request->topic().rfind("a/open", 0) == 0);
    response->set_reason("the plant says so");
    return grpc::Status::OK;
  }
  v1::CheckRequest asked;
};

class AccessServiceTest : public AuthenticatorHarness {
 protected:
  AccessServiceTest() {
    managed_->Follow(&resources_);
    int port = 0;
    grpc::ServerBuilder checker_builder;
    checker_builder.AddListeningPort("127.0.0.1:0",
                                     grpc::InsecureServerCredentials(), &port);
    checker_builder.RegisterService(&checker_);
    checker_server_ = checker_builder.BuildAndStart();
    CheckerOptions options;
    options.name = "plant";
    options.address = absl::StrCat("127.0.0.1:", port);
    options.timeout = absl::Minutes(1);
    checkers_ = std::make_unique<Checkers>(std::vector<CheckerOptions>{options},
                                           [] { return kNow; });
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = admin::v1::AccessService::NewStub(server_->InProcessChannel({}));
  }
  ~AccessServiceTest() override {
    server_->Shutdown();
    checkers_.reset();
    checker_server_->Shutdown();
  }

  void PutRule(const std::string& id, const std::string& text) {
    admin::v1::Rule rule;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &rule));
    Put(kRules, id, rule.SerializeAsString());
  }
  void Put(const char* collection, const std::string& id,
           const std::string& value) {
    Resource resource;
    resource.collection = collection;
    resource.id = id;
    resource.value = value;
    ASSERT_TRUE(resources_.Put(resource, std::nullopt, kNow).ok());
  }
  static AccessQuery Publish(const std::string& topic,
                             const std::string& subject = "alice") {
    AccessQuery query;
    query.set_subject(subject);
    query.set_publish(topic);
    return query;
  }
  static AccessQuery Subscribe(const std::string& filter,
                               const std::string& subject = "alice") {
    AccessQuery query;
    query.set_subject(subject);
    query.set_subscribe(filter);
    return query;
  }
  ExplainAccessResponse Explain(const AccessQuery& query) {
    grpc::ClientContext context;
    admin::v1::ExplainAccessRequest request;
    *request.mutable_query() = query;
    ExplainAccessResponse response;
    const grpc::Status status = stub_->Explain(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_GE(response.cases_size(), 1);
    return response;
  }
  // "yes: why" or "no: why", without the token's name.
  std::string Check(const AccessQuery& query) {
    grpc::ClientContext context;
    admin::v1::CheckAccessRequest request;
    *request.mutable_query() = query;
    admin::v1::CheckAccessResponse response;
    const grpc::Status status = stub_->Check(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    std::string reason = response.reason();
    if (reason.rfind("tokens/", 0) == 0) {
      reason = reason.substr(reason.find(": ") + 2);
    }
    return absl::StrCat(response.allowed() ? "yes: " : "no: ", reason);
  }
  grpc::StatusCode Refusal(const AccessQuery& query) {
    return Refused(query).error_code();
  }
  grpc::Status Refused(const AccessQuery& query) {
    grpc::ClientContext context;
    admin::v1::CheckAccessRequest request;
    *request.mutable_query() = query;
    admin::v1::CheckAccessResponse response;
    return stub_->Check(&context, request, &response);
  }

  MemoryResourceStore resources_;
  FakeChecker checker_;
  std::unique_ptr<grpc::Server> checker_server_;
  std::unique_ptr<Checkers> checkers_;
  AccessControl access_{AccessControl::Reach::kThisHost, {}};
  std::shared_ptr<const Authenticator> authenticator_ =
      MakeShared({{"public/#", /*publish=*/false, /*subscribe=*/true}});
  CallPool pool_{0};
  AccessService service_{{store_.get(),
                          [this] {
                            Deciders deciders;
                            deciders.authenticator = authenticator_;
                            deciders.checkers = checkers_.get();
                            return deciders;
                          },
                          [] { return kNow; }, &pool_},
                         &access_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<admin::v1::AccessService::Stub> stub_;
};

TEST_F(AccessServiceTest, SaysWhatTheScopeAllows) {
  Post(Token(client_));
  EXPECT_EQ(Check(Publish("a/b")), "yes: granted by a/#");
  EXPECT_EQ(Check(Publish("b")), "yes: granted by b");
  EXPECT_EQ(Check(Publish("c")), "no: outside the scope");
  EXPECT_EQ(Check(Subscribe("a/+")), "yes: granted by a/#");
  EXPECT_EQ(Check(Subscribe("$share/g/a/+")), "yes: granted by a/#");
  EXPECT_EQ(Check(Subscribe("#")), "no: outside the scope");
  EXPECT_EQ(Check(Subscribe("b")), "no: outside the scope");
  EXPECT_EQ(Check(Subscribe("public/x")), "yes: granted by public/#");
  const ExplainAccessResponse denied = Explain(Publish("c"));
  EXPECT_EQ(denied.cases(0).objections(0).need(),
            "a scope, or a public topic, with \"pub\" on c");
  EXPECT_EQ(denied.cases(0).token_id(), "token-1");
  EXPECT_THAT(denied.cases(0).token(), StartsWith("tokens/"));
}

TEST_F(AccessServiceTest, AClientWithoutATokenHasPublicTopics) {
  EXPECT_EQ(Check(Subscribe("public/a", "")), "yes: granted by public");
  EXPECT_EQ(Check(Publish("public/a", "")), "no: outside the scope");
  EXPECT_EQ(Check(Publish("a/b")), "no: no token of the subject is stored");
  EXPECT_THAT(Explain(Publish("a/b")).cases(0).objections(0).need(),
              HasSubstr("authz-info"));
}

// covers: ACE-SCP-6
TEST_F(AccessServiceTest, ASubjectWithoutAGoodTokenHasPublicTopicsToo) {
  EXPECT_EQ(Check(Subscribe("public/a")), "yes: granted by public");
  EXPECT_EQ(Check(Publish("public/a")),
            "no: no token of the subject is stored");
  AccessQuery query = Subscribe("public/a");
  query.set_issuer("https://other");
  EXPECT_EQ(Check(query), "no: no token of the subject is stored");
}

TEST_F(AccessServiceTest, TheTokenThatAllowsItComesFirst) {
  TokenOptions narrow;
  narrow.scope = R"([["n",["pub"]]])";
  narrow.token_id = "narrow";
  Post(Token(client_, narrow));
  Post(Token(stranger_));
  const ExplainAccessResponse explained = Explain(Publish("a/b"));
  EXPECT_TRUE(explained.allowed());
  ASSERT_EQ(explained.cases_size(), 2);
  EXPECT_EQ(explained.cases(0).token_id(), "token-1");
  EXPECT_EQ(explained.cases(1).token_id(), "narrow");
  EXPECT_FALSE(explained.cases(1).allowed());
  AccessQuery query = Publish("a/b");
  query.set_issuer("https://other");
  EXPECT_EQ(Check(query), "no: no token of the subject is stored");
}

TEST_F(AccessServiceTest, SaysWhichRulesStandAgainstIt) {
  Granted(WithExporter(Token(client_), client_));
  PutRule("deny",
          "name: 'rules/deny' publish: true deny {} "
          "topic_filters: 'a/${client_id}/#'");
  PutRule("size",
          "name: 'rules/size' publish: true "
          "limits { max_payload_bytes: 10 no_will: true "
          "max_publishes_per_second: 3 }");
  PutRule("shadow",
          "name: 'rules/shadow' mode: MODE_SHADOW subscribe: true "
          "deny {} topic_filters: 'a/s'");
  EXPECT_EQ(Check(Publish("a/client-1/x")), "no: rules/deny denies it");
  EXPECT_EQ(Check(Publish("a/client-2/x")), "yes: granted by a/#");
  AccessQuery query = Publish("a/client-1/x");
  query.set_client_id("client-2");
  EXPECT_EQ(Check(query), "yes: granted by a/#");
  query.set_payload_bytes(11);
  EXPECT_EQ(Check(query), "no: rules/size allows no payload of 11 bytes");
  query.set_payload_bytes(10);
  query.set_will(true);
  EXPECT_EQ(Check(query), "no: rules/size allows no Will");

  const ExplainAccessResponse allowed = Explain(Publish("b"));
  ASSERT_EQ(allowed.cases(0).conditions_size(), 1);
  EXPECT_EQ(allowed.cases(0).conditions(0).rule(), "rules/size");
  EXPECT_EQ(allowed.cases(0).conditions(0).detail(),
            "at most 3 PUBLISH packets a second");
  const ExplainAccessResponse shadow = Explain(Subscribe("a/s"));
  EXPECT_TRUE(shadow.allowed());
  ASSERT_EQ(shadow.cases(0).conditions_size(), 1);
  EXPECT_TRUE(shadow.cases(0).conditions(0).shadow());

  const ExplainAccessResponse denied = Explain(Publish("x/client-1/x"));
  ASSERT_EQ(denied.cases(0).objections_size(), 1);
  query.set_client_id("client-1");
  EXPECT_EQ(Explain(query).cases(0).objections_size(), 2);
}

TEST_F(AccessServiceTest, RulesAreHeldToTheAddress) {
  Post(Token(client_));
  PutRule("inside",
          "name: 'rules/inside' publish: true deny {} "
          "match { client_addresses: ['10.0.0.0/8', '2001:db8::/32'] }");
  AccessQuery query = Publish("a/b");
  for (const char* inside :
       {"", "10.1.2.3", "10.1.2.3:4711", "2001:db8::1", "[2001:db8::1]:4711"}) {
    query.set_client_address(inside);
    EXPECT_EQ(Check(query), "no: rules/inside denies it") << inside;
  }
  for (const char* outside :
       {"192.0.2.1", "192.0.2.1:4711", "2001:db9::1", "[2001:db9::1]:4711"}) {
    query.set_client_address(outside);
    EXPECT_EQ(Check(query), "yes: granted by a/#") << outside;
  }
}

TEST_F(AccessServiceTest, AsksCheckers) {
  Post(Token(client_));
  PutRule("ask",
          "name: 'rules/ask' publish: true "
          "external_check { checker: 'plant' }");
  EXPECT_EQ(Check(Publish("a/open/1")), "yes: granted by a/#");
  EXPECT_EQ(checker_.asked.subject(), "alice");
  EXPECT_EQ(checker_.asked.rule(), "rules/ask");
  EXPECT_EQ(checker_.asked.key_id(), store_->List("", 1, kNow)->at(0).binding);
  EXPECT_EQ(Check(Publish("a/shut")),
            "no: rules/ask checker plant denies it: the plant says so");
  checkers_.reset();
  EXPECT_THAT(Check(Publish("a/open/1")), HasSubstr("it was not asked"));
}

TEST_F(AccessServiceTest, SaysWhyATokenIsRefused) {
  Post(Token(client_));
  admin::v1::Revocation revocation;
  revocation.set_subject("alice");
  Put(kRevocations, "r", revocation.SerializeAsString());
  EXPECT_EQ(Check(Publish("a/b")),
            "no: the token is refused: revoked by revocations/r");
}

TEST_F(AccessServiceTest, ARuleThatCannotBeReadIsSaid) {
  Post(Token(client_));
  Put(kRules, "new", "\xff");
  EXPECT_THAT(Check(Publish("a/b")), HasSubstr("nothing is granted"));
  EXPECT_FALSE(Explain(Publish("a/b")).undecided());
}

// An operator's script must not take it for a no.
TEST_F(AccessServiceTest, WhatCannotBeDecidedIsNoDenial) {
  Post(Token(client_));
  EXPECT_FALSE(Explain(Publish("other")).undecided());
  authenticator_ = std::make_shared<const Authenticator>(
      issuer_.PendingVerifier(), std::vector<ace::Permission>(), store_, facts_,
      managed_);
  const ExplainAccessResponse response = Explain(Publish("a/b"));
  EXPECT_FALSE(response.allowed());
  EXPECT_TRUE(response.undecided());
  EXPECT_TRUE(response.cases(0).undecided());
  EXPECT_THAT(response.reason(), HasSubstr("nothing could be decided"));

  // Nor before it is known what operators manage.
  struct SilentStore : MemoryResourceStore {
    void Follow(ResourceObserverInterface* observer) override {
      observer->OnStale(absl::UnavailableError("away"));
    }
  } silent;
  const auto unread = std::make_shared<Replica>([] { return kNow; });
  unread->Follow(&silent);
  authenticator_ = std::make_shared<const Authenticator>(
      issuer_.Verifier(), std::vector<ace::Permission>(), store_, facts_,
      unread);
  EXPECT_TRUE(Explain(Publish("a/b")).undecided());
}

TEST_F(AccessServiceTest, TokensThatWereNotLookedAtAreNoDenial) {
  Post(Token(client_));
  const TokenRecord granting = store_->List("", 1, kNow)->at(0);
  const auto put = [&](size_t i, const std::string& issuer) {
    TokenRecord record = granting;
    record.binding = absl::StrCat("other", i);
    record.issuer = issuer;
    ASSERT_TRUE(store_->Put(record, kNow).ok());
  };
  for (size_t i = 1; i < kMaxTokensOfSubject; ++i) put(i, "https://another");
  ExplainAccessResponse explained = Explain(Publish("other"));
  EXPECT_EQ(explained.cases_size(), 32);
  EXPECT_FALSE(explained.truncated());
  EXPECT_FALSE(explained.undecided());

  put(kMaxTokensOfSubject, "https://another");
  explained = Explain(Publish("other"));
  EXPECT_EQ(explained.cases_size(), 32);
  EXPECT_TRUE(explained.truncated());
  EXPECT_FALSE(explained.allowed());
  EXPECT_TRUE(explained.undecided());
  EXPECT_THAT(explained.reason(), HasSubstr("the subject has more"));
  EXPECT_TRUE(Explain(Publish("a/b")).allowed());

  AccessQuery query = Publish("other");
  query.set_issuer(granting.issuer);
  explained = Explain(query);
  EXPECT_EQ(explained.cases_size(), 1);
  EXPECT_FALSE(explained.truncated());
  EXPECT_FALSE(explained.undecided());
}

TEST_F(AccessServiceTest, RefusesWhatIsWrong) {
  EXPECT_EQ(Refusal({}), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Refusal(Publish("a/#")), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(Refusal(Subscribe("a#")), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(Refused(Publish("#")).error_message(),
              HasSubstr("query.publish: not a topic name"));
  AccessQuery query = Publish("a");
  query.set_qos(3);
  EXPECT_EQ(Refusal(query), grpc::StatusCode::INVALID_ARGUMENT);
  query.set_qos(2);
  query.set_protocol_version("3.1");
  EXPECT_EQ(Refusal(query), grpc::StatusCode::INVALID_ARGUMENT);
  query = Publish("a");
  query.set_client_address("notanip");
  EXPECT_EQ(Refusal(query), grpc::StatusCode::INVALID_ARGUMENT);
  query = Publish("a", "");
  query.set_issuer("https://as.example");
  EXPECT_EQ(Refusal(query), grpc::StatusCode::INVALID_ARGUMENT);
}

}  // namespace
}  // namespace sluice::policy
