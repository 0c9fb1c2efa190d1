// What is revoked gets no grant, whatever the credential (ACE-EXP-4).

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "policy/store/memory_resource_store.h"
#include "proto/sluice/admin/v1/public_topic.pb.h"
#include "proto/sluice/admin/v1/revocation.pb.h"
#include "test/policy/service/authenticator_harness.h"

// covers: ACE-EXP-4

namespace sluice::policy {
namespace {

class RevokedTest : public AuthenticatorHarness {
 protected:
  RevokedTest() { managed_->Follow(&resources_); }

  void Revoke(const admin::v1::Revocation& revocation) {
    Resource resource;
    resource.collection = kRevocations;
    resource.id = "r";
    resource.value = revocation.SerializeAsString();
    EXPECT_TRUE(resources_.Put(resource, std::nullopt, kNow).ok());
  }
  void MakePublic(const std::string& filter) {
    admin::v1::PublicTopic topic;
    topic.set_topic_filter(filter);
    topic.set_subscribe(true);
    Resource resource;
    resource.collection = kPublicTopics;
    resource.id = "1";
    resource.value = topic.SerializeAsString();
    EXPECT_TRUE(resources_.Put(resource, std::nullopt, kNow).ok());
  }
  void RevokeAlice(const std::string& issuer = "") {
    admin::v1::Revocation revocation;
    revocation.set_subject("alice");
    revocation.set_issuer(issuer);
    Revoke(revocation);
  }
  void Forgive() {
    EXPECT_TRUE(resources_.Delete(kRevocations, "r", std::nullopt, kNow).ok());
  }
  v1::AuthenticateRequest Recheck(const std::string& token) {
    v1::AuthenticateRequest request = Request();
    request.mutable_recheck()->set_token(token);
    return request;
  }
  void ExpectRevoked(const v1::AuthenticateRequest& request) {
    const v1::Denial denial = Denied(request);
    EXPECT_EQ(denial.reason(), v1::Denial::REASON_REVOKED) << denial.detail();
    EXPECT_EQ(denial.detail(), "revoked by revocations/r");
    EXPECT_EQ(denial.subject(), "alice");
    EXPECT_EQ(denial.issuer(), "https://as.example");
    EXPECT_EQ(denial.token_id(), "token-1");
    EXPECT_FALSE(denial.proven());
  }

  MemoryResourceStore resources_;
};

TEST_F(RevokedTest, ATokenASubjectOrAKey) {
  const auto request = WithExporter(Token(client_), client_);
  const v1::Grant grant = Granted(request);
  ASSERT_FALSE(grant.key_ids().empty());
  EXPECT_EQ(grant.key_ids(0), client_.jwk().Thumbprint());

  admin::v1::Revocation revocation;
  revocation.set_token_id("token-1");
  Revoke(revocation);
  ExpectRevoked(request);
  revocation.set_subject("alice");
  Revoke(revocation);
  ExpectRevoked(request);
  revocation.set_key_id(grant.key_ids(0));
  Revoke(revocation);
  ExpectRevoked(request);

  revocation.set_subject("bob");
  Revoke(revocation);
  Granted(request);
  RevokeAlice("https://other.example");
  Granted(request);
  RevokeAlice("https://as.example");
  ExpectRevoked(request);
  Forgive();
  Granted(request);
}

TEST_F(RevokedTest, EveryCredential) {
  const std::string token = Token(client_);
  Granted(WithExporter(token, client_));
  RevokeAlice();
  ExpectRevoked(WithExporter(token, client_));
  ExpectRevoked(WithChallenge(token, client_));
  ExpectRevoked(Stored());
  ExpectRevoked(StoredWithChallenge(client_));
  ExpectRevoked(Recheck(token));
  ExpectRevoked(Known(Anonymous(true), client_));
  Granted(Anonymous(true));
}

// covers: ACE-TOK-4, ACE-AUTH-3
TEST_F(RevokedTest, ATokenOfACertificateByTheCertificateOrByItsKey) {
  const TokenOptions bound = BoundToCertificate(client_);
  const std::string token = Token(client_, bound);
  v1::AuthenticateRequest stored = Request();
  stored.mutable_recheck()->set_stored_key_id("x5t#S256:" +
                                              bound.certificate_hash);
  v1::StoreTokenRequest posted = Posted(token);
  posted.mutable_connection()->set_client_certificate(CertificateOf(client_));
  const v1::AuthenticateRequest kRequests[] = {
      Known(WithExporter(token, client_), client_),
      Known(Anonymous(true), client_),
      Known(Stored(), client_),
      Known(Recheck(token), client_),
      Known(stored, client_),
  };
  const v1::Grant grant = Granted(kRequests[0]);
  const std::vector<std::string> key_ids(grant.key_ids().begin(),
                                         grant.key_ids().end());
  EXPECT_EQ(key_ids, (std::vector<std::string>{
                         "x5t#S256:" + bound.certificate_hash,
                         bound.certificate_hash, client_.jwk().Thumbprint()}));
  for (const std::string& key_id : key_ids) {
    admin::v1::Revocation revocation;
    revocation.set_key_id(key_id);
    Revoke(revocation);
    for (const v1::AuthenticateRequest& request : kRequests) {
      ExpectRevoked(request);
    }
    const auto answer = Make().StoreToken(posted, kNow);
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->denial().reason(), v1::Denial::REASON_REVOKED);
  }
  // Of another key's certificate there is nothing revoked.
  Granted(Known(
      WithExporter(Token(stranger_, BoundToCertificate(stranger_)), stranger_),
      stranger_));
  Forgive();
  for (const v1::AuthenticateRequest& request : kRequests) {
    EXPECT_FALSE(Ask(request).has_denial());
  }
  EXPECT_EQ(Granted(kRequests[4]).key_ids_size(), 3);
}

TEST_F(RevokedTest, IsNotStored) {
  RevokeAlice();
  v1::StoreTokenRequest request;
  *request.mutable_connection() = Request().connection();
  request.set_token(Token(client_));
  const auto response = Make().StoreToken(request, kNow);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->denial().reason(), v1::Denial::REASON_REVOKED);
  EXPECT_EQ(StoredTokens(), 0u);
}

// A newer policy service may have written it.
TEST_F(RevokedTest, NothingIsDecidedBesideARevocationThatCannotBeRead) {
  Revoke(admin::v1::Revocation());
  for (const v1::AuthenticateRequest& request :
       {WithExporter(Token(client_), client_), Anonymous(true)}) {
    const absl::Status status = Make().Authenticate(request, kNow).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_NE(status.message().find("revocations/r"), std::string::npos);
  }
  Forgive();
  Granted(WithExporter(Token(client_), client_));
}

TEST_F(RevokedTest, AStoredTokenIsRechecked) {
  v1::AuthenticateRequest request = Request();
  request.mutable_recheck()->set_stored_key_id(
      Granted(WithExporter(Token(client_), client_)).key_ids(0));
  EXPECT_EQ(Granted(request).subject(), "alice");
  RevokeAlice();
  ExpectRevoked(request);
}

// covers: ACE-SCP-6
TEST_F(RevokedTest, ManagedPublicTopicsAreInEveryGrant) {
  EXPECT_EQ(Denied(Anonymous(false)).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
  MakePublic("news/#");
  EXPECT_EQ(PermissionsOf(Granted(Anonymous(false))),
            std::vector<std::string>{"news/# sub"});
  const v1::Grant grant = Granted(WithExporter(Token(client_), client_));
  EXPECT_EQ(PermissionsOf(grant).front(), "news/# sub");
  EXPECT_TRUE(resources_.Delete(kPublicTopics, "1", std::nullopt, kNow).ok());
  Denied(Anonymous(false));
}

// It cannot be seen, or deleted, beside one that the configuration declares.
TEST_F(RevokedTest, ADeclaredPublicTopicStandsForAManagedOneOfItsFilter) {
  MakePublic("news/#");
  const Authenticator declaring = Make({{"news/#", true, false}});
  const auto request = Anonymous(false);
  EXPECT_EQ(
      PermissionsOf(declaring.Authenticate(request, kNow, nullptr)->grant()),
      std::vector<std::string>{"news/# pub"});
  // Until it is declared no more, which is another policy.
  EXPECT_NE(Granted(request).policy_version(),
            managed_->PolicyVersionOf(declaring.digest()));
  EXPECT_EQ(PermissionsOf(Granted(request)),
            std::vector<std::string>{"news/# sub"});
}

TEST_F(RevokedTest, GrantsNameThePolicyTheyFollowFrom) {
  const auto request = WithExporter(Token(client_), client_);
  const std::string version = Granted(request).policy_version();
  EXPECT_FALSE(version.empty());
  EXPECT_EQ(Granted(Anonymous(true)).policy_version(), version);
  EXPECT_EQ(version, managed_->PolicyVersionOf(Make().digest()));
  EXPECT_NE(Make({{"public/#", true, true}}).digest(), Make().digest());
  Resource rule;
  rule.collection = "others";
  rule.id = "1";
  EXPECT_TRUE(resources_.Put(rule, std::nullopt, kNow).ok());
  EXPECT_NE(Granted(request).policy_version(), version);
}

}  // namespace
}  // namespace sluice::policy
