#include "policy/revocation/revocation_set.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::policy {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

v1::Revocation OfToken(const std::string& name, const std::string& token_id,
                       const std::string& issuer = "") {
  v1::Revocation revocation;
  revocation.set_name(name);
  revocation.set_token_id(token_id);
  revocation.set_issuer(issuer);
  return revocation;
}

class RevocationSetTest : public ::testing::Test {
 protected:
  // A client of issuer "as", token "t", subject "s", keys "k1" and "k2".
  std::string Find(absl::Time now = kNow) const {
    static const std::vector<std::string> kKeys = {"k1", "k2"};
    return std::string(set_.Find({"as", "t", "s", kKeys}, now));
  }

  RevocationSet set_;
};

// covers: ACE-EXP-4
TEST_F(RevocationSetTest, FindsByTokenSubjectAndAnyKey) {
  EXPECT_EQ(Find(), "");
  set_.Add(OfToken("token", "t"));
  EXPECT_EQ(Find(), "token");
  EXPECT_TRUE(set_.Remove("token"));
  EXPECT_EQ(Find(), "");

  v1::Revocation subject;
  subject.set_name("subject");
  subject.set_subject("s");
  set_.Add(subject);
  EXPECT_EQ(Find(), "subject");
  set_.Clear();

  v1::Revocation key;
  key.set_name("key");
  key.set_key_id("k2");
  set_.Add(key);
  EXPECT_EQ(Find(), "key");
}

TEST_F(RevocationSetTest, OneKindOfNameIsNotAnother) {
  set_.Add(OfToken("1", "s"));
  set_.Add(OfToken("2", "k1"));
  v1::Revocation subject;
  subject.set_name("3");
  subject.set_subject("t");
  set_.Add(subject);
  EXPECT_EQ(Find(), "");
}

TEST_F(RevocationSetTest, AnIssuerLimitsIt) {
  set_.Add(OfToken("other", "t", "as2"));
  EXPECT_EQ(Find(), "");
  set_.Add(OfToken("this", "t", "as"));
  EXPECT_EQ(Find(), "this");
}

TEST_F(RevocationSetTest, WhatHasNoNameIsRevokedByNone) {
  set_.Add(OfToken("empty", ""));
  v1::Revocation nothing;
  nothing.set_name("nothing");
  set_.Add(nothing);
  EXPECT_TRUE(set_.empty());
  EXPECT_EQ(set_.Find({"as", "", "", {}}, kNow), "");
}

TEST_F(RevocationSetTest, EndsAtItsTime) {
  v1::Revocation revocation = OfToken("short", "t");
  revocation.mutable_expires_at()->set_seconds(absl::ToUnixSeconds(kNow) + 10);
  set_.Add(revocation);
  set_.Add(OfToken("other", "t", "as2"));
  EXPECT_EQ(Find(kNow + absl::Seconds(9)), "short");
  EXPECT_EQ(Find(kNow + absl::Seconds(10)), "");
  set_.RemoveExpired(kNow + absl::Seconds(10));
  // The clock may be set back.
  EXPECT_EQ(Find(kNow + absl::Seconds(9)), "short");
  set_.RemoveExpired(kNow + kKeptAfterEnd + absl::Seconds(10));
  EXPECT_EQ(set_.size(), 1u);
}

TEST_F(RevocationSetTest, TheSameNameReplaces) {
  set_.Add(OfToken("name", "t"));
  set_.Add(OfToken("name", "u"));
  EXPECT_EQ(Find(), "");
  EXPECT_EQ(set_.size(), 1u);
  EXPECT_FALSE(set_.Remove("another"));
}

TEST_F(RevocationSetTest, TwoOfOneTargetStandAlone) {
  set_.Add(OfToken("a", "t"));
  set_.Add(OfToken("b", "t"));
  EXPECT_TRUE(set_.Remove("a"));
  EXPECT_EQ(Find(), "b");
}

}  // namespace
}  // namespace sluice::policy
