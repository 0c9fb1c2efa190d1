#include "policy/admin/rule_service.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/unknown_field_set.h"
#include "policy/rules/rule_set.h"
#include "policy/service/call_pool.h"
#include "policy/store/memory_resource_store.h"
#include "proto/google/rpc/status.pb.h"

namespace sluice::policy {
namespace {

using admin::v1::Rule;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Rule Message(const std::string& text) {
  Rule rule;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &rule))
      << text;
  return rule;
}

CheckerOptions NamedChecker(const std::string& name) {
  CheckerOptions options;
  options.name = name;
  options.address = "127.0.0.1:1";  // nobody asks it
  return options;
}

class RuleServiceTest : public ::testing::Test {
 protected:
  RuleServiceTest() {
    replica_.Follow(&store_);
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    stub_ = admin::v1::RuleService::NewStub(server_->InProcessChannel({}));
  }
  ~RuleServiceTest() override { server_->Shutdown(); }

  grpc::Status Put(const std::string& rule, Rule* out = nullptr,
                   const std::vector<std::string>& mask = {}) {
    admin::v1::PutRuleRequest request;
    *request.mutable_rule() = Message(rule);
    for (const std::string& path : mask) {
      request.mutable_update_mask()->add_paths(path);
    }
    grpc::ClientContext context;
    Rule ignored;
    return stub_->PutRule(&context, request, out == nullptr ? &ignored : out);
  }
  Rule Stored(const std::string& rule,
              const std::vector<std::string>& mask = {}) {
    Rule out;
    const grpc::Status status = Put(rule, &out, mask);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return out;
  }
  grpc::Status Get(const std::string& name, Rule* out) {
    admin::v1::GetRuleRequest request;
    request.set_name(name);
    grpc::ClientContext context;
    return stub_->GetRule(&context, request, out);
  }
  grpc::Status Delete(const std::string& name, const std::string& etag = "") {
    admin::v1::DeleteRuleRequest request;
    request.set_name(name);
    request.set_etag(etag);
    grpc::ClientContext context;
    google::protobuf::Empty response;
    return stub_->DeleteRule(&context, request, &response);
  }

  MemoryResourceStore store_;
  Replica replica_{[] { return kNow; }};
  AccessControl access_{AccessControl::Reach::kThisHost, {}};
  Checkers checkers_{{NamedChecker("plant")}, [] { return kNow; }};
  CallPool pool_{0};
  RuleService service_{
      {&store_, &replica_, &access_, &pool_, [] { return kNow; }}, &checkers_};
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<admin::v1::RuleService::Stub> stub_;
};

constexpr char kDeny[] = "publish: true deny {} topic_filters: 'a/#' ";

TEST_F(RuleServiceTest, ARuleAsksACheckerThatThereIs) {
  const std::string rule =
      "name: 'rules/r' publish: true external_check { checker: '$' }";
  EXPECT_TRUE(Put(absl::StrReplaceAll(rule, {{"$", "plant"}})).ok());
  const grpc::Status status = Put(absl::StrReplaceAll(rule, {{"$", "plnt"}}));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(),
              HasSubstr("external_check.checker: this service has no checker "
                        "\"plnt\""));
}

TEST_F(RuleServiceTest, AWrittenRuleCounts) {
  const Rule written = Stored(absl::StrCat(kDeny, "name: 'rules/r.1'"));
  EXPECT_EQ(written.name(), "rules/r.1");
  EXPECT_NE(written.etag(), "");
  EXPECT_EQ(replica_.rules()->size(), 1u);
  Rule read;
  EXPECT_TRUE(Get("rules/r.1", &read).ok());
  EXPECT_EQ(read.DebugString(), written.DebugString());
  EXPECT_TRUE(Delete("rules/r.1").ok());
  EXPECT_EQ(replica_.rules()->size(), 0u);
  EXPECT_EQ(Get("rules/r.1", &read).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(Delete("rules/r.1").error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(RuleServiceTest, NamesEveryFieldThatIsWrong) {
  const grpc::Status status =
      Put("name: 'rules/r' match { client_addresses: 'x' } "
          "limits { max_qos: 7 }");
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  google::rpc::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  google::rpc::BadRequest bad;
  ASSERT_TRUE(details.details(0).UnpackTo(&bad));
  std::vector<std::string> fields;
  for (const auto& violation : bad.field_violations()) {
    fields.push_back(violation.field());
  }
  EXPECT_THAT(fields, ElementsAre("rule.match.client_addresses[0]",
                                  "rule.publish", "rule.limits.max_qos"));
  for (const char* name : {"", "r", "rules/", "rules/a b", "topics/a"}) {
    EXPECT_THAT(Put(absl::StrCat(kDeny, "name: '", name, "'")).error_message(),
                HasSubstr("rule.name: expected \"rules/ID\""));
  }
  Rule rule;
  EXPECT_THAT(Get("r", &rule).error_message(), HasSubstr("name: expected"));
  EXPECT_THAT(Delete("r").error_message(), HasSubstr("name: expected"));
}

TEST_F(RuleServiceTest, EtagsKeepEditorsApart) {
  const Rule first = Stored(absl::StrCat(kDeny, "name: 'rules/r'"));
  const Rule second = Stored(absl::StrCat(kDeny, "name: 'rules/r' etag: '",
                                          first.etag(), "' description: 'x'"));
  EXPECT_NE(second.etag(), first.etag());
  EXPECT_EQ(
      Put(absl::StrCat(kDeny, "name: 'rules/r' etag: '", first.etag(), "'"))
          .error_code(),
      grpc::StatusCode::ABORTED);
  EXPECT_EQ(Put(absl::StrCat("name: 'rules/r' etag: '", first.etag(),
                             "' description: 'y'"),
                nullptr, {"description"})
                .error_code(),
            grpc::StatusCode::ABORTED);
  EXPECT_EQ(Delete("rules/r", first.etag()).error_code(),
            grpc::StatusCode::ABORTED);
  EXPECT_TRUE(Delete("rules/r", second.etag()).ok());
}

TEST_F(RuleServiceTest, AMaskSaysWhatIsWritten) {
  EXPECT_EQ(
      Put("name: 'rules/r' mode: MODE_SHADOW", nullptr, {"mode"}).error_code(),
      grpc::StatusCode::NOT_FOUND);
  Rule rule = Stored(absl::StrCat(kDeny, "name: 'rules/r' description: 'd'"));
  EXPECT_EQ(rule.mode(), Rule::MODE_ENFORCE);
  rule = Stored("name: 'rules/r' mode: MODE_SHADOW publish: false", {"mode"});
  EXPECT_EQ(rule.mode(), Rule::MODE_SHADOW);
  EXPECT_TRUE(rule.publish());
  EXPECT_EQ(rule.description(), "d");
  // Another effect takes the place of the one that there is; what the request
  // has not set is cleared.
  rule =
      Stored("name: 'rules/r' limits { max_qos: 1 } topic_filters: ['b', 'c']",
             {"limits", "topic_filters", "description"});
  EXPECT_FALSE(rule.has_deny());
  EXPECT_EQ(rule.limits().max_qos(), 1u);
  EXPECT_THAT(rule.topic_filters(), ElementsAre("b", "c"));
  EXPECT_EQ(rule.description(), "");
  EXPECT_EQ(rule.mode(), Rule::MODE_SHADOW);
  // The whole has to be right.
  EXPECT_THAT(Put("name: 'rules/r'", nullptr, {"publish"}).error_message(),
              HasSubstr("rule.publish: "));
  EXPECT_THAT(Put("name: 'rules/r'", nullptr, {"etag"}).error_message(),
              HasSubstr("update_mask: \"etag\" is none of description, mode"));
  EXPECT_THAT(
      Put("name: 'rules/r'", nullptr, {"match.issuers"}).error_message(),
      HasSubstr("update_mask: \"match.issuers\" is none of"));
}

TEST_F(RuleServiceTest, AStarInAMaskMeansTheWhole) {
  // There is none yet.
  Stored(absl::StrCat(kDeny, "name: 'rules/r' description: 'd'"), {"*"});
  const Rule rule =
      Stored("name: 'rules/r' subscribe: true limits { max_qos: 1 }", {"*"});
  EXPECT_EQ(rule.description(), "");
  EXPECT_FALSE(rule.publish());
  EXPECT_TRUE(rule.has_limits());
  EXPECT_THAT(Put("name: 'rules/r'", nullptr, {"*", "publish"}).error_message(),
              HasSubstr("update_mask: \"*\" is none of"));
}

// So that what is not understood is neither kept nor lost by the way.
TEST_F(RuleServiceTest, WhatANewerVersionSaysIsRefused) {
  admin::v1::PutRuleRequest request;
  *request.mutable_rule() = Message(absl::StrCat(kDeny, "name: 'rules/r'"));
  Rule* rule = request.mutable_rule();
  rule->GetReflection()->MutableUnknownFields(rule)->AddVarint(1000, 1);
  grpc::ClientContext context;
  Rule out;
  const grpc::Status status = stub_->PutRule(&context, request, &out);
  EXPECT_EQ(status.error_message(),
            "rule: has a field that this version does not know");
  Resource stored;
  stored.collection = kRules;
  stored.id = "r";
  rule->clear_name();
  for (const std::string& value :
       {rule->SerializeAsString(), std::string("\xFF")}) {
    stored.value = value;
    ASSERT_TRUE(store_.Put(stored, std::nullopt, kNow).ok());
    EXPECT_EQ(Put("name: 'rules/r' publish: true deny {}", nullptr,
                  {"publish", "deny"})
                  .error_code(),
              grpc::StatusCode::FAILED_PRECONDITION);
  }
  Stored(absl::StrCat(kDeny, "name: 'rules/r'"));
}

TEST_F(RuleServiceTest, ListsInPages) {
  for (const char* id : {"c", "a", "b"}) {
    Stored(absl::StrCat(kDeny, "name: 'rules/", id, "'"));
  }
  admin::v1::ListRulesRequest request;
  request.set_page_size(2);
  std::vector<std::string> names;
  do {
    grpc::ClientContext context;
    admin::v1::ListRulesResponse page;
    ASSERT_TRUE(stub_->ListRules(&context, request, &page).ok());
    EXPECT_LE(page.rules_size(), 2);
    for (const Rule& rule : page.rules()) names.push_back(rule.name());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  EXPECT_THAT(names, ElementsAre("rules/a", "rules/b", "rules/c"));
  request.set_page_token("x");
  grpc::ClientContext context;
  admin::v1::ListRulesResponse page;
  EXPECT_EQ(stub_->ListRules(&context, request, &page).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(RuleServiceTest, IsBounded) {
  std::string large = "publish: true deny {} ";
  for (int i = 0; i < 10; ++i) {
    absl::StrAppend(&large, "topic_filters: '", std::string(4000, 'x'), "' ");
  }
  grpc::Status status;
  size_t written = 0;
  while (status.ok() && written < kMaxRules) {
    status = Put(absl::StrCat(large, "name: 'rules/", written++, "'"));
  }
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_GT(written, 20u);
  EXPECT_LT(written, 30u);
  // In the place of one of them there is room.
  Stored(absl::StrCat(large, "name: 'rules/0'"));
}

TEST(RuleServiceAccessTest, OnlyOperatorsManage) {
  MemoryResourceStore store;
  Replica replica([] { return kNow; });
  AccessControl access(AccessControl::Reach::kAnywhere, {});
  const Checkers checkers({}, [] { return kNow; });
  CallPool pool(0);
  RuleService service({&store, &replica, &access, &pool, [] { return kNow; }},
                      &checkers);
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  const auto stub =
      admin::v1::RuleService::NewStub(server->InProcessChannel({}));
  const auto code = [](const grpc::Status& s) { return s.error_code(); };
  Rule rule;
  admin::v1::ListRulesResponse list;
  google::protobuf::Empty empty;
  for (const auto& call :
       std::vector<std::function<grpc::Status(grpc::ClientContext*)>>{
           [&](auto* c) { return stub->PutRule(c, {}, &rule); },
           [&](auto* c) { return stub->GetRule(c, {}, &rule); },
           [&](auto* c) { return stub->ListRules(c, {}, &list); },
           [&](auto* c) { return stub->DeleteRule(c, {}, &empty); }}) {
    grpc::ClientContext context;
    EXPECT_EQ(code(call(&context)), grpc::StatusCode::PERMISSION_DENIED);
  }
}

}  // namespace
}  // namespace sluice::policy
