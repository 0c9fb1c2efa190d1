#include "policy/ace/introspection.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/base64url.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/json.h"
#include "policy/ace/rejection.h"
#include "test/policy/ace/test_tokens.h"

// covers: ACE-TOK-5, ACE-TOK-6, ACE-SCP-1

namespace sluice::ace {
namespace {

constexpr absl::Duration kMaxAge = absl::Seconds(60);

class IntrospectionAnswerTest : public ::testing::Test {
 protected:
  explicit IntrospectionAnswerTest(Profile profile = Profile::kRfc9431)
      : issuers_{Issuer{kTestIssuer, profile, JwkSet()}} {}

  absl::StatusOr<IntrospectionAnswer> Read(IntrospectionFormat format,
                                           absl::string_view body) const {
    const TokenContext context{issuers_, decryption_keys_, nullptr, TestNow()};
    return ReadIntrospectionAnswer(format, AsBytes(body), issuers_[0], context,
                                   kMaxAge);
  }
  absl::StatusOr<IntrospectionAnswer> ReadJson(const Json& answer) const {
    return Read(IntrospectionFormat::kForm, answer.dump());
  }

  const std::vector<Issuer> issuers_;
  const DecryptionKeySet decryption_keys_{};
};

// An answer about an active token that expires in a minute.
Json ActiveAnswer() {
  Json answer = TestClaims();
  answer["active"] = true;
  return answer;
}

Json AnswerWith(const char* member, const Json& value) {
  Json answer = ActiveAnswer();
  answer[member] = value;
  return answer;
}

Json AnswerWithout(const char* member) {
  Json answer = ActiveAnswer();
  answer.erase(member);
  return answer;
}

TEST(IntrospectionRequestTest, IsWrittenInEachFormat) {
  const struct {
    IntrospectionFormat format;
    ClientAuthentication authentication;
    const char* content_type;
    const char* accept;
    const char* authorization;
    std::string body;
  } kCases[] = {
      {IntrospectionFormat::kForm, ClientAuthentication::kBasic,
       "application/x-www-form-urlencoded", "application/json",
       // "rs:a%3A%C3%A9", RFC 6749 section 2.3.1
       "Basic cnM6YSUzQSVDMyVBOQ==", "token=a%26b%2B%20c"},
      {IntrospectionFormat::kForm, ClientAuthentication::kPost,
       "application/x-www-form-urlencoded", "application/json", "",
       "token=a%26b%2B%20c&client_id=rs&client_secret=a%3A%C3%A9"},
      {IntrospectionFormat::kAceJson, ClientAuthentication::kBasic,
       "application/ace+json", "application/ace+json",
       "Basic cnM6YSUzQSVDMyVBOQ==", R"({"token":"a&b+ c"})"},
      {IntrospectionFormat::kAceJson, ClientAuthentication::kPost,
       "application/ace+json", "application/ace+json", "",
       "{\"client_id\":\"rs\",\"client_secret\":\"a:\xc3\xa9\","
       "\"token\":\"a&b+ c\"}"},
      {IntrospectionFormat::kAceCbor, ClientAuthentication::kBasic,
       "application/ace+cbor", "application/ace+cbor",
       "Basic cnM6YSUzQSVDMyVBOQ==",
       "\xa1\x0b\x46"
       "a&b+ c"},
      {IntrospectionFormat::kAceCbor, ClientAuthentication::kPost,
       "application/ace+cbor", "application/ace+cbor", "",
       "\xa3\x0b\x46"
       "a&b+ c\x18\x18\x62rs\x18\x19\x44"
       "a:\xc3\xa9"},
      {IntrospectionFormat::kForm, ClientAuthentication::kTls,
       "application/x-www-form-urlencoded", "application/json", "",
       "token=a%26b%2B%20c&client_id=rs"},
      {IntrospectionFormat::kAceJson, ClientAuthentication::kTls,
       "application/ace+json", "application/ace+json", "",
       R"({"client_id":"rs","token":"a&b+ c"})"},
      {IntrospectionFormat::kAceCbor, ClientAuthentication::kTls,
       "application/ace+cbor", "application/ace+cbor", "",
       "\xa2\x0b\x46"
       "a&b+ c\x18\x18\x62rs"},
  };
  for (const auto& c : kCases) {
    const IntrospectionClient client{c.format, c.authentication, "rs",
                                     "a:\xc3\xa9"};
    const auto request = WriteIntrospectionRequest(client, AsBytes("a&b+ c"));
    ASSERT_TRUE(request.ok()) << request.status();
    EXPECT_EQ(request->content_type, c.content_type);
    EXPECT_EQ(request->accept, c.accept);
    EXPECT_EQ(request->authorization, c.authorization);
    EXPECT_EQ(request->body, c.body);
  }
}

TEST(IntrospectionRequestTest, AnUnnamedClientShowsNothing) {
  for (const auto authentication :
       {ClientAuthentication::kBasic, ClientAuthentication::kPost}) {
    const auto request = WriteIntrospectionRequest(
        {IntrospectionFormat::kForm, authentication, "", ""}, AsBytes("t"));
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->authorization, "");
    EXPECT_EQ(request->body, "token=t");
  }
}

// covers: ACE-AZI-2
TEST(IntrospectionRequestTest, OnlyJsonCarriesNoBinaryReferences) {
  IntrospectionClient client;
  for (const auto format :
       {IntrospectionFormat::kForm, IntrospectionFormat::kAceJson,
        IntrospectionFormat::kAceCbor}) {
    client.format = format;
    for (const char* token : {"a\x01", "\xc3\xa9"}) {
      EXPECT_TRUE(WriteIntrospectionRequest(client, AsBytes(token)).ok());
    }
    EXPECT_EQ(
        RejectionOf(WriteIntrospectionRequest(client, AsBytes("")).status()),
        Rejection::kUnparsable);
    const auto binary = WriteIntrospectionRequest(client, AsBytes("\x01\xff"));
    if (format == IntrospectionFormat::kAceJson) {
      EXPECT_EQ(RejectionOf(binary.status()), Rejection::kUnparsable);
    } else {
      EXPECT_TRUE(binary.ok()) << binary.status();
    }
  }
  client.format = IntrospectionFormat::kForm;
  EXPECT_EQ(WriteIntrospectionRequest(client, AsBytes("\x01\xff"))->body,
            "token=%01%FF");
}

TEST_F(IntrospectionAnswerTest, AnActiveTokenSaysWhatAVerifiedOneSays) {
  Json json = ActiveAnswer();
  json["ace_profile"] = "mqtt_tls";
  for (const auto format :
       {IntrospectionFormat::kForm, IntrospectionFormat::kAceJson}) {
    const auto answer = Read(format, json.dump());
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->contents.issuer, &issuers_[0]);
    EXPECT_EQ(answer->contents.claims.expires_at,
              TestNow() + absl::Seconds(60));
    EXPECT_TRUE(answer->has_expiry);
    EXPECT_EQ(answer->contents.claims.audience,
              std::vector<std::string>{kTestAudience});
    EXPECT_EQ(answer->contents.pop_key.thumbprint(),
              TestKey(kP256PrivateJwk).jwk().Thumbprint());
  }
}

// covers: ACE-CON-2
TEST_F(IntrospectionAnswerTest, TheClientNonceIsHandedOn) {
  EXPECT_EQ(ReadJson(ActiveAnswer())->contents.claims.client_nonce, "");
  EXPECT_EQ(ReadJson(AnswerWith("cnonce", "4KE"))->contents.claims.client_nonce,
            "\xe0\xa1");
  EXPECT_EQ(RejectionOf(ReadJson(AnswerWith("cnonce", 1)).status()),
            Rejection::kInvalid);
}

TEST_F(IntrospectionAnswerTest, WhatMayBeMissing) {
  auto answer = ReadJson(AnswerWithout("iss"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->contents.issuer->name, kTestIssuer);
  answer = ReadJson(AnswerWithout("exp"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_FALSE(answer->has_expiry);
  EXPECT_EQ(answer->contents.claims.expires_at, TestNow() + kMaxAge);
  answer = ReadJson(AnswerWithout("scope"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->contents.scope, Scope());
}

TEST_F(IntrospectionAnswerTest, TheScopeIsBase64UrlOrTheArrayItself) {
  const Scope kExpected{{{"a/#", true, false}}};
  for (const Json& scope :
       {Json(Base64UrlEncode(AsBytes(R"([["a/#",["pub"]]])"))),
        Json::parse(R"([["a/#",["pub"]]])")}) {
    const auto answer = ReadJson(AnswerWith("scope", scope));
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->contents.scope, kExpected);
  }
}

TEST_F(IntrospectionAnswerTest, ASymmetricKeyMayBeInClear) {
  const auto answer =
      ReadJson(AnswerWith("cnf", {{"jwk", Json::parse(kHs256Jwk)}}));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->contents.pop_key.thumbprint(),
            Jwk::Parse(kHs256Jwk)->Thumbprint());
}

TEST_F(IntrospectionAnswerTest, Refusals) {
  const Json kCases[] = {
      {{"active", false}},
      AnswerWith("active", false),
      AnswerWith("iss", "https://another.example"),
      AnswerWith("iss", 7),
      AnswerWith("ace_profile", "coap_dtls"),
      AnswerWith("scope", "read write"),
      AnswerWith("scope", Json::object()),
      AnswerWith("exp", "tomorrow"),
      AnswerWithout("aud"),
      AnswerWithout("cnf"),
  };
  for (const Json& json : kCases) {
    const auto answer = ReadJson(json);
    EXPECT_EQ(RejectionOf(answer.status()), Rejection::kInvalid) << json;
  }
}

TEST_F(IntrospectionAnswerTest, WhatIsNoAnswerDecidesNothing) {
  const char* const kCases[] = {"",
                                "null",
                                "[]",
                                "{}",
                                R"({"active":"true"})",
                                R"({"active":1})",
                                "<p>",
                                R"({"active":true)",
                                R"({"active":false,"active":true})"};
  for (const char* body : kCases) {
    const auto answer = Read(IntrospectionFormat::kForm, body);
    EXPECT_TRUE(absl::IsUnavailable(answer.status())) << body;
    EXPECT_EQ(RejectionOf(answer.status()), std::nullopt) << body;
  }
  for (const char* body : {"", "\xa0", "\x80", "\xf5", "\xa1\x0a\x01",
                           "\xa1\x0a", "{\"active\":true}"}) {
    const auto answer = Read(IntrospectionFormat::kAceCbor, body);
    EXPECT_TRUE(absl::IsUnavailable(answer.status()));
    EXPECT_EQ(RejectionOf(answer.status()), std::nullopt);
  }
}

// {active, iss?, sub, aud, exp?, cti, cnf, scope, ace_profile, cnonce}
std::string CborAnswer(bool active, absl::string_view iss, bool with_exp) {
  CborWriter answer;
  answer.Map(8 + (iss.empty() ? 0 : 1) + (with_exp ? 1 : 0));
  answer.Integer(10).Boolean(active);
  if (!iss.empty()) answer.Integer(1).Text(iss);
  answer.Integer(2).Text("alice");
  answer.Integer(3).Text(kTestAudience);
  if (with_exp) answer.Integer(4).Integer(kTestNow + 30);
  answer.Integer(7).Bytes(AsBytes("\x01\x02"));
  // A symmetric COSE_Key in clear (RFC 9052 section 7, RFC 9053 section 6).
  answer.Integer(8).Map(1).Integer(1).Map(2).Integer(1).Integer(4);
  answer.Integer(-1).Bytes(AsBytes("0123456789abcdef0123456789abcdef"));
  answer.Integer(9).Array(1).Array(2).Text("a/#").Array(1).Text("sub");
  answer.Integer(38).Integer(3);
  answer.Integer(39).Bytes(AsBytes("nonce"));
  return answer.bytes();
}

TEST_F(IntrospectionAnswerTest, IsReadInCbor) {
  auto answer =
      Read(IntrospectionFormat::kAceCbor, CborAnswer(true, kTestIssuer, true));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_TRUE(answer->has_expiry);
  EXPECT_EQ(answer->contents.claims.subject, "alice");
  EXPECT_EQ(answer->contents.claims.client_nonce, "nonce");
  EXPECT_EQ(answer->contents.claims.expires_at, TestNow() + absl::Seconds(30));
  EXPECT_EQ(answer->contents.scope, (Scope{{{"a/#", false, true}}}));
  EXPECT_EQ(answer->contents.pop_key.jwk()->type(), KeyType::kSymmetric);

  answer = Read(IntrospectionFormat::kAceCbor, CborAnswer(true, "", false));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_FALSE(answer->has_expiry);
  EXPECT_EQ(answer->contents.claims.expires_at, TestNow() + kMaxAge);

  for (const std::string& body :
       {std::string("\xa1\x0a\xf4"), CborAnswer(false, kTestIssuer, true),
        CborAnswer(true, "https://another.example", true)}) {
    EXPECT_EQ(RejectionOf(Read(IntrospectionFormat::kAceCbor, body).status()),
              Rejection::kInvalid);
  }
}

// {active, aud, cnf}, and `entries` more.
std::string CborAnswerWith(size_t entries, const CborWriter& more) {
  CborWriter answer;
  answer.Map(3 + entries);
  answer.Integer(10).Boolean(true);
  answer.Integer(3).Text(kTestAudience);
  answer.Integer(8).Map(1).Integer(1).Map(2).Integer(1).Integer(4);
  answer.Integer(-1).Bytes(AsBytes("0123456789abcdef0123456789abcdef"));
  return answer.Encoded(more.bytes()).bytes();
}

// covers: ACE-TOK-8
TEST_F(IntrospectionAnswerTest, AnExiIsAnExpiryToo) {
  Json json = AnswerWithout("exp");
  json["exi"] = 600;
  const auto id = CborWriter().Integer(7).Bytes(AsBytes("\x01"));
  const auto exi = CborWriter().Integer(40).Integer(600);
  for (const auto& answer :
       {ReadJson(json),
        Read(IntrospectionFormat::kAceCbor,
             CborAnswerWith(2, CborWriter(id).Encoded(exi.bytes())))}) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_TRUE(answer->has_expiry);
    EXPECT_EQ(answer->contents.claims.exi, absl::Seconds(600));
    EXPECT_EQ(answer->contents.claims.expires_at, std::nullopt);
  }
  json.erase("jti");
  EXPECT_EQ(RejectionOf(ReadJson(json).status()), Rejection::kInvalid);
  const auto without_id =
      Read(IntrospectionFormat::kAceCbor, CborAnswerWith(1, exi));
  EXPECT_EQ(RejectionOf(without_id.status()), Rejection::kInvalid);
}

class Draft01AnswerTest : public IntrospectionAnswerTest {
 protected:
  Draft01AnswerTest() : IntrospectionAnswerTest(Profile::kDraft01) {}
};

// covers: ACE-D01-1
TEST_F(Draft01AnswerTest, TheScopeIsTextOfThatProfile) {
  for (const auto& answer :
       {ReadJson(AnswerWith("scope", "publish_a")),
        Read(IntrospectionFormat::kAceCbor,
             CborAnswerWith(1, CborWriter().Integer(9).Text("publish_a")))}) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->contents.scope, (Scope{{{"a", true, false}}}));
  }
  CborWriter array;
  array.Integer(9).Array(1).Array(2).Text("a").Array(1).Text("pub");
  for (const auto& answer :
       {ReadJson(AnswerWith("scope", Json::parse(R"([["a",["pub"]]])"))),
        Read(IntrospectionFormat::kAceCbor, CborAnswerWith(1, array))}) {
    EXPECT_EQ(RejectionOf(answer.status()), Rejection::kInvalid);
  }
}

}  // namespace
}  // namespace sluice::ace
