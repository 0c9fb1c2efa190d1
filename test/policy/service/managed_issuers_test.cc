#include "policy/service/managed_issuers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/testing/test_certificates.h"

// covers: ACE-TOK-2

namespace sluice::policy {
namespace {

using ::sluice::testing::TestCertificate;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Message = admin::v1::Issuer;

constexpr char kJwks[] =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k",)"
    R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

Message WithJwks(const std::string& jwks = kJwks) {
  Message message;
  message.set_issuer("https://as");
  message.set_jwks(jwks);
  return message;
}

Message WithUrl(const std::string& url = "https://as/jwks") {
  Message message;
  message.set_issuer("https://as");
  message.set_jwks_url(url);
  return message;
}

// The fields that are wrong.
std::vector<std::string> Wrong(const Message& message) {
  std::vector<std::string> fields;
  const auto read = ReadManagedIssuer(message, [&](auto field, auto problem) {
    EXPECT_FALSE(problem.empty());
    fields.emplace_back(field);
  });
  EXPECT_EQ(read.has_value(), fields.empty());
  return fields;
}

TEST(ManagedIssuersTest, ReadsKeysAndUrls) {
  Message message = WithJwks();
  message.set_profile(Message::PROFILE_DRAFT_01);
  const auto inline_keys = ReadManagedIssuer(message, [](auto, auto) {});
  ASSERT_TRUE(inline_keys.has_value());
  EXPECT_EQ(inline_keys->issuer.name, "https://as");
  EXPECT_EQ(inline_keys->issuer.profile, ace::Profile::kDraft01);
  EXPECT_EQ(inline_keys->issuer.keys.keys().size(), 1u);
  EXPECT_EQ(inline_keys->issuer.key_source, ace::KeySource::kConfigured);
  EXPECT_FALSE(inline_keys->source.has_value());

  message = WithUrl();
  message.mutable_jwks_refresh()->set_seconds(7);
  const std::string ca = TestCertificate::Authority("ca").certificate_pem();
  message.set_ca(ca + ca);
  const auto published = ReadManagedIssuer(message, [](auto, auto) {});
  ASSERT_TRUE(published.has_value());
  EXPECT_EQ(published->issuer.profile, ace::Profile::kRfc9431);
  EXPECT_EQ(published->issuer.key_source, ace::KeySource::kPending);
  ASSERT_TRUE(published->source.has_value());
  EXPECT_EQ(published->source->issuer, "https://as");
  EXPECT_EQ(published->source->url, "https://as/jwks");
  EXPECT_EQ(published->source->refresh, absl::Seconds(7));
  EXPECT_EQ(published->source->ca, ca + ca);
}

TEST(ManagedIssuersTest, TellsEachFieldThatIsWrong) {
  EXPECT_THAT(Wrong(Message()), ElementsAre("issuer", "jwks"));
  Message message = WithJwks();
  message.set_issuer(std::string(1025, 'x'));
  EXPECT_THAT(Wrong(message), ElementsAre("issuer"));
  message = WithJwks();
  message.set_profile(static_cast<Message::Profile>(9));
  message.mutable_jwks_refresh()->set_seconds(60);
  message.set_ca("-----BEGIN CERTIFICATE-----");
  EXPECT_THAT(Wrong(message), ElementsAre("profile", "jwks_refresh", "ca"));
  for (const std::string jwks :
       {"", "{}", R"({"keys":[]})", R"({"keys":[{"kty":"other"}]})",
        // A private key; a short symmetric one.
        R"({"keys":[{"kty":"OKP","crv":"Ed25519","d":"AA","x":"AA"}]})",
        R"({"keys":[{"kty":"oct","k":"c2hvcnQ"}]})"}) {
    EXPECT_THAT(Wrong(WithJwks(jwks)), ElementsAre("jwks")) << jwks;
  }
  EXPECT_THAT(Wrong(WithJwks(std::string(32 * 1024 + 1, ' '))),
              ElementsAre("jwks"));
  for (const std::string& url :
       {std::string(), std::string("http://as/jwks"), std::string("https://"),
        std::string("https://user@as"),
        absl::StrCat("https://", std::string(2048, 'a'))}) {
    EXPECT_THAT(Wrong(WithUrl(url)), ElementsAre("jwks_url")) << url;
  }
  for (const int64_t seconds : {int64_t{0}, int64_t{-5}, int64_t{86'401}}) {
    message = WithUrl();
    message.mutable_jwks_refresh()->set_seconds(seconds);
    EXPECT_THAT(Wrong(message), ElementsAre("jwks_refresh"));
  }
  // No valid duration, whatever it comes to.
  for (const int32_t nanos : {-1, 1'500'000'000}) {
    message = WithUrl();
    message.mutable_jwks_refresh()->set_seconds(5);
    message.mutable_jwks_refresh()->set_nanos(nanos);
    EXPECT_THAT(Wrong(message), ElementsAre("jwks_refresh"));
  }
  const std::string ca = TestCertificate::Authority("ca").certificate_pem();
  for (const std::string& wrong :
       {std::string("no PEM"), std::string("-----BEGIN CERTIFICATE-----"),
        std::string("-----BEGIN CERTIFICATE-----garbage"),
        ca + ca.substr(0, ca.size() / 2), ca + std::string(16 * 1024, '\n')}) {
    message = WithUrl();
    message.set_ca(wrong);
    EXPECT_THAT(Wrong(message), ElementsAre("ca")) << wrong;
  }
}

TEST(ManagedIssuersTest, WhatCannotBeReadIsNotTrusted) {
  ManagedIssuers issuers;
  const std::string id = IdOfIssuer("https://as");
  issuers.Put(id, WithJwks().SerializeAsString());
  EXPECT_EQ(issuers.issuers().size(), 1u);
  EXPECT_EQ(issuers.CountBut(id), 0u);
  EXPECT_EQ(issuers.CountBut("other"), 1u);
  // Another one's name, junk, a bad key.
  issuers.Put("other", WithJwks().SerializeAsString());
  issuers.Put("junk", "\xff");
  EXPECT_EQ(issuers.issuers().size(), 1u);
  EXPECT_THAT(issuers.unreadable(), ElementsAre("junk", "other"));
  issuers.Put(id, WithJwks("{}").SerializeAsString());
  EXPECT_TRUE(issuers.issuers().empty());
  issuers.Remove("junk");
  EXPECT_THAT(issuers.unreadable(), ElementsAre(id, "other"));
  issuers.Clear();
  EXPECT_THAT(issuers.unreadable(), IsEmpty());
}

}  // namespace
}  // namespace sluice::policy
