#include "policy/service/policy_digest.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "test/policy/testing/test_issuer.h"

// covers: ACE-EXP-4

namespace sluice::policy {
namespace {

ace::Permission Topic(const std::string& filter, bool publish) {
  ace::Permission permission;
  permission.topic_filter = filter;
  permission.publish = publish;
  permission.subscribe = true;
  return permission;
}

class PolicyDigestTest : public ::testing::Test {
 protected:
  PolicyDigestTest() {
    options_.audience = "broker";
    options_.issuers = {
        {"https://a", ace::Profile::kRfc9431,
         ace::JwkSet::Parse(a_.PublicJwks()).value()},
        {"https://b", ace::Profile::kRfc9431,
         ace::JwkSet::Parse(b_.PublicJwks()).value()},
    };
  }
  std::string Digest() const { return PolicyDigest(options_, topics_); }

  const TestIssuer a_;
  const TestIssuer b_;
  ace::TokenVerifier::Options options_;
  std::vector<ace::Permission> topics_ = {Topic("a", true), Topic("b", false)};
};

TEST_F(PolicyDigestTest, OrderDoesNotMatter) {
  const std::string digest = Digest();
  EXPECT_EQ(digest.size(), 16u);
  std::reverse(options_.issuers.begin(), options_.issuers.end());
  std::reverse(topics_.begin(), topics_.end());
  EXPECT_EQ(Digest(), digest);
}

TEST_F(PolicyDigestTest, EverythingElseDoes) {
  std::vector<std::string> digests = {Digest()};
  options_.audience = "other";
  digests.push_back(Digest());
  options_.clock_skew = absl::Seconds(1);
  digests.push_back(Digest());
  topics_[0].publish = false;
  digests.push_back(Digest());
  topics_[0].topic_filter = "c";
  digests.push_back(Digest());
  options_.issuers[0].profile = ace::Profile::kDraft01;
  digests.push_back(Digest());
  options_.issuers[0].keys = ace::JwkSet::Parse(b_.PublicJwks()).value();
  digests.push_back(Digest());
  options_.issuers[0].introspection_url = "https://a/introspect";
  digests.push_back(Digest());
  options_.issuers.pop_back();
  digests.push_back(Digest());
  options_.decryption_keys =
      ace::DecryptionKeySet::Parse(a_.DecryptionJwks()).value();
  digests.push_back(Digest());
  std::sort(digests.begin(), digests.end());
  EXPECT_EQ(std::unique(digests.begin(), digests.end()), digests.end());
}

}  // namespace
}  // namespace sluice::policy
