// Every grant comes with the rules that are for its client.

#include <gtest/gtest.h>

#include <string>

#include "policy/store/memory_resource_store.h"
#include "proto/sluice/admin/v1/rule.pb.h"
#include "test/policy/service/authenticator_harness.h"

namespace sluice::policy {
namespace {

class GrantedRulesTest : public AuthenticatorHarness {
 protected:
  GrantedRulesTest() { managed_->Follow(&resources_); }

  void Put(const std::string& id, const std::string& value) {
    Resource resource;
    resource.collection = kRules;
    resource.id = id;
    resource.value = value;
    EXPECT_TRUE(resources_.Put(resource, std::nullopt, kNow).ok());
  }
  static admin::v1::Rule Deny(const std::string& filter) {
    admin::v1::Rule rule;
    rule.set_publish(true);
    rule.add_topic_filters(filter);
    rule.mutable_deny();
    return rule;
  }
  // Their first filters.
  static std::vector<std::string> Filters(const v1::Grant& grant) {
    std::vector<std::string> filters;
    for (const std::string& message : grant.rules()) {
      v1::Rule rule;
      EXPECT_TRUE(rule.ParseFromString(message));
      filters.push_back(rule.topic_filters(0));
    }
    return filters;
  }
  using Strings = std::vector<std::string>;

  MemoryResourceStore resources_;
};

TEST_F(GrantedRulesTest, WhateverTheCredential) {
  Put("1", Deny("${subject}/${client_id}").SerializeAsString());
  const std::string token = Token(client_);
  EXPECT_EQ(Filters(Granted(WithExporter(token, client_))),
            Strings{"alice/client-1"});
  EXPECT_EQ(Filters(Granted(WithChallenge(token, client_))),
            Strings{"alice/client-1"});
  EXPECT_EQ(Filters(Granted(StoredWithChallenge(client_))),
            Strings{"alice/client-1"});
  const v1::AuthenticateRequest recheck = RecheckOf(token);
  EXPECT_EQ(Filters(Granted(recheck)), Strings{"alice/client-1"});
  EXPECT_EQ(Filters(Granted(Anonymous(true))), Strings{"+/client-1"});
}

TEST_F(GrantedRulesTest, ThoseThatMatch) {
  admin::v1::Rule rule = Deny("bobs");
  rule.mutable_match()->add_subjects("bob");
  Put("1", rule.SerializeAsString());
  rule = Deny("all");
  Put("2", rule.SerializeAsString());
  rule = Deny("anonymous");
  rule.mutable_match()->set_clients(admin::v1::Rule::CLIENTS_ANONYMOUS);
  Put("3", rule.SerializeAsString());
  const v1::AuthenticateRequest request = WithExporter(Token(client_), client_);
  EXPECT_EQ(Filters(Granted(request)), Strings{"all"});
  EXPECT_EQ(Filters(Granted(Anonymous(true))), (Strings{"all", "anonymous"}));
  EXPECT_TRUE(resources_.Delete(kRules, "2", std::nullopt, kNow).ok());
  EXPECT_EQ(Filters(Granted(request)), Strings());
}

// Live sessions ask again when the version changes.
TEST_F(GrantedRulesTest, AChangeIsANewVersionOfThePolicy) {
  const v1::AuthenticateRequest request = WithExporter(Token(client_), client_);
  const std::string before = Granted(request).policy_version();
  Put("1", Deny("a").SerializeAsString());
  const std::string with_rule = Granted(request).policy_version();
  EXPECT_NE(with_rule, before);
  Put("1", Deny("b").SerializeAsString());
  EXPECT_NE(Granted(request).policy_version(), with_rule);
  EXPECT_TRUE(resources_.Delete(kRules, "1", std::nullopt, kNow).ok());
  EXPECT_EQ(Granted(request).policy_version(), before);
}

// ACE-AUTH-3: whom TLS has proven is no anonymous client.
TEST_F(GrantedRulesTest, ThoseOfTheTokenThatTheTlsKeyStandsFor) {
  admin::v1::Rule rule = Deny("anonymous");
  rule.mutable_match()->set_clients(admin::v1::Rule::CLIENTS_ANONYMOUS);
  Put("1", rule.SerializeAsString());
  rule = Deny("${subject}");
  rule.mutable_match()->add_subjects("ali*");
  Put("2", rule.SerializeAsString());
  Granted(WithExporter(Token(client_), client_));  // stores the token
  v1::AuthenticateRequest with_certificate = Anonymous(true);
  with_certificate.mutable_connection()->set_client_certificate(
      CertificateOf(client_));
  EXPECT_EQ(Filters(Granted(with_certificate)), Strings{"alice"});
  v1::AuthenticateRequest with_psk = Anonymous(true);
  with_psk.mutable_connection()->set_psk_key_id(client_.jwk().Thumbprint());
  EXPECT_EQ(Filters(Granted(with_psk)), Strings{"alice"});
  v1::AuthenticateRequest recheck = Request();
  recheck.mutable_recheck()->set_stored_key_id(client_.jwk().Thumbprint());
  EXPECT_EQ(Filters(Granted(recheck)), Strings{"alice"});
  EXPECT_EQ(Filters(Granted(Anonymous(true))), Strings{"anonymous"});
}

// One about which nothing was decided would keep the grant that it has.
TEST_F(GrantedRulesTest, AClientWhoseRulesAreTooLargeIsDenied) {
  std::string filter = "d";
  for (int i = 0; i < 60; ++i) filter += "/${client_id}";
  admin::v1::Rule rule = Deny(filter);
  for (int i = 0; i < 60; ++i) rule.add_topic_filters(filter);
  Put("1", rule.SerializeAsString());
  const std::string token = Token(client_);
  const v1::AuthenticateRequest recheck = RecheckOf(token);
  v1::AuthenticateRequest of_key = Request();
  of_key.mutable_recheck()->set_stored_key_id(client_.jwk().Thumbprint());
  for (v1::AuthenticateRequest request :
       {WithExporter(token, client_), recheck, of_key, Anonymous(true)}) {
    Granted(request);
    request.mutable_connection()->set_client_id(std::string(1024, 'c'));
    const v1::Denial denial = Denied(request);
    EXPECT_EQ(denial.reason(), v1::Denial::REASON_UNSPECIFIED);
    EXPECT_EQ(denial.detail(), "the rules for this client are too large");
  }
}

TEST_F(GrantedRulesTest, NothingIsGrantedPastOneThatCannotBeRead) {
  Put("new", "\xFF");
  const auto answer =
      Make().Authenticate(WithExporter(Token(client_), client_), kNow, nullptr);
  EXPECT_EQ(answer.status().message(),
            "rules/new cannot be read, and nothing is granted until it is "
            "replaced or deleted: damaged");
  EXPECT_FALSE(Make().Authenticate(Anonymous(true), kNow, nullptr).ok());
}

}  // namespace
}  // namespace sluice::policy
