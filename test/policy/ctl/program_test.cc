#include "policy/ctl/program.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "policy/ace/base64url.h"
#include "policy/ace/rejection.h"
#include "policy/ace/signing_key.h"
#include "policy/ace/token_verifier.h"
#include "policy/ctl/files.h"
#include "proxy/base/bytes.h"
#include "proxy/base/version.h"
#include "test/testing/test_certificates.h"

namespace sluice::ctl {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

struct Result {
  int status;
  std::string out;
  std::string err;
};

Result Ctl(const std::vector<std::string>& arguments) {
  const std::vector<absl::string_view> views(arguments.begin(),
                                             arguments.end());
  std::ostringstream out;
  std::ostringstream err;
  const int status = RunProgram(views, {out, err, kNow});
  return {status, out.str(), err.str()};
}

class ProgramTest : public ::testing::Test {
 protected:
  std::string Path(absl::string_view name) const {
    return absl::StrCat(dir_.path(), "/", name);
  }

  // Makes a key and returns its path.
  std::string NewKey(const std::string& name, const std::string& alg) {
    const Result result =
        Ctl({"dev", "keygen", "--alg", alg, "--out", Path(name)});
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "");
    return Path(name);
  }

  // `dev token` with the required options, `issuer_key` and `client_key`
  // files, and `more`.
  Result Token(const std::string& issuer_key, const std::string& client_key,
               const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {
        "dev",          "token",      "--key",     issuer_key,  "--issuer",
        "https://as",   "--audience", "broker",    "--subject", "alice",
        "--expires-in", "1h",         "--cnf-key", client_key};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return Ctl(arguments);
  }

  const testing::TempDir dir_;
};

ace::JwkSet ReadKeys(const std::string& path) {
  return ace::JwkSet::Parse(ReadFile(path).value()).value();
}

absl::StatusOr<ace::VerifiedToken> VerifyToken(
    absl::string_view token, const std::string& jwks,
    const std::string& decryption_jwks = "") {
  ace::TokenVerifier::Options options;
  options.issuers = {{"https://as", ace::Profile::kRfc9431, ReadKeys(jwks)}};
  options.audience = "broker";
  options.clock_skew = absl::ZeroDuration();
  if (!decryption_jwks.empty()) {
    options.decryption_keys =
        ace::DecryptionKeySet::Parse(ReadFile(decryption_jwks).value()).value();
  }
  return ace::TokenVerifier::Create(options)->Verify(AsBytes(token), kNow);
}

// What was printed.
std::string Printed(const Result& result) {
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  absl::string_view text = result.out;
  EXPECT_TRUE(absl::ConsumeSuffix(&text, "\n"));
  return std::string(text);
}

absl::StatusOr<ace::VerifiedToken> Verify(
    const Result& result, const std::string& jwks,
    const std::string& decryption_jwks = "") {
  return VerifyToken(Printed(result), jwks, decryption_jwks);
}

TEST_F(ProgramTest, AnswersHelpAndVersion) {
  EXPECT_EQ(Ctl({"--version"}).out, absl::StrCat("sluicectl ", kVersion, "\n"));
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{
           {"--help"},
           {"dev", "--help"},
           {"dev", "token", "--help"},
           {"dev", "token", "--key", "x", "--help"},
           {"dev", "keygen", "--help"}}) {
    const Result result = Ctl(arguments);
    EXPECT_EQ(result.status, 0);
    EXPECT_TRUE(absl::StartsWith(result.out, "usage: sluicectl "));
    EXPECT_EQ(result.err, "");
  }
}

struct UsageCase {
  std::vector<std::string> arguments;
  absl::string_view err;
};

TEST_F(ProgramTest, TellsWrongUsageInOneLineAndAHint) {
  for (const UsageCase& test : std::vector<UsageCase>{
           {{}, "sluicectl: no command\ntry: sluicectl --help\n"},
           {{"x"}, "sluicectl: unknown command \"x\"\ntry: sluicectl --help\n"},
           {{"--x"},
            "sluicectl: unknown command \"--x\"\ntry: sluicectl --help\n"},
           {{"dev"}, "sluicectl: dev: no command\ntry: sluicectl dev --help\n"},
           {{"dev", "x"},
            "sluicectl: dev: unknown command \"x\"\ntry: sluicectl dev "
            "--help\n"},
           {{"dev", "keygen", "--alg", "EdDSA"},
            "sluicectl: dev keygen: --out is missing\ntry: sluicectl dev "
            "keygen --help\n"},
           {{"dev", "keygen", "--alg", "RS256", "--out", "/nowhere/x"},
            "sluicectl: dev keygen: --alg is not EdDSA, ES256 or HS256\ntry: "
            "sluicectl dev keygen --help\n"},
       }) {
    const Result result = Ctl(test.arguments);
    EXPECT_EQ(result.status, 2);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, test.err);
  }
}

TEST_F(ProgramTest, KeygenWritesAPrivateAndAPublicFile) {
  for (const std::string alg : {"EdDSA", "ES256", "HS256"}) {
    const std::string path = NewKey(alg, alg);
    EXPECT_EQ(testing::ModeOf(path), 0600u);
    const ace::SigningKey key =
        ace::SigningKey::Parse(ReadFile(path).value()).value();
    EXPECT_EQ(ace::AlgorithmName(key.algorithm()), alg);
    EXPECT_EQ(key.jwk().kid(), key.jwk().Thumbprint());

    const ace::JwkSet set = ReadKeys(path + ".pub");
    ASSERT_EQ(set.keys().size(), 1u);
    EXPECT_EQ(set.keys()[0].ToJson(), key.jwk().ToJson());
    if (alg == "HS256") {
      EXPECT_EQ(testing::ModeOf(path + ".pub"), 0600u);
    } else {
      EXPECT_EQ(testing::ModeOf(path + ".pub") & 0077,
                0044u & ~umask(umask(0)));
    }
  }
}

TEST_F(ProgramTest, KeygenOverwritesNothing) {
  const std::string path = NewKey("key", "EdDSA");
  const std::string before = ReadFile(path).value();
  const Result again = Ctl({"dev", "keygen", "--alg", "EdDSA", "--out", path});
  EXPECT_EQ(again.status, 1);
  EXPECT_EQ(again.err,
            absl::StrCat("sluicectl: dev keygen: ", path, ": File exists\n"));
  EXPECT_EQ(ReadFile(path).value(), before);

  dir_.Write("other.pub", "");
  EXPECT_EQ(
      Ctl({"dev", "keygen", "--alg", "EdDSA", "--out", Path("other")}).status,
      1);
  EXPECT_FALSE(ReadFile(Path("other")).ok());
}

TEST_F(ProgramTest, TokensOfEveryKeyAreVerified) {
  const std::string client = NewKey("client", "EdDSA");
  for (const std::string alg : {"EdDSA", "ES256", "HS256"}) {
    const std::string issuer = NewKey(alg, alg);
    const auto token = Verify(
        Token(issuer, client,
              {"--scope", R"([["a/#",["pub"]],["b",["sub"]]])", "--token-id",
               "t-1", "--format", "jwt", "--not-before", "-10s"}),
        issuer + ".pub");
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(token->issuer, "https://as");
    EXPECT_EQ(token->subject, "alice");
    EXPECT_EQ(token->token_id, "t-1");
    EXPECT_EQ(token->expires_at, kNow + absl::Hours(1));
    EXPECT_EQ(token->scope,
              (ace::Scope{{{"a/#", true, false}, {"b", false, true}}}));
    EXPECT_EQ(token->pop_key.thumbprint(),
              ReadKeys(client + ".pub").keys()[0].Thumbprint());
  }
}

TEST_F(ProgramTest, TheClientsKeyMayBePrivateOrPublic) {
  const std::string issuer = NewKey("as", "EdDSA");
  const std::string client = NewKey("client", "ES256");
  const ace::Jwk jwk = ReadKeys(client + ".pub").keys()[0];
  for (const std::string& file :
       {client, client + ".pub", dir_.Write("bare", jwk.ToJson())}) {
    const Result result = Token(issuer, file);
    const auto token = Verify(result, issuer + ".pub");
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(token->pop_key.thumbprint(), jwk.Thumbprint());
  }
}

TEST_F(ProgramTest, ASymmetricClientKeyIsEncrypted) {
  const std::string issuer = NewKey("as", "EdDSA");
  const std::string client = NewKey("client", "HS256");
  const std::string rs = NewKey("rs", "HS256");
  const auto token = Verify(Token(issuer, client, {"--encryption-key", rs}),
                            issuer + ".pub", rs + ".pub");
  ASSERT_TRUE(token.ok()) << token.status();
  const ace::SigningKey key =
      ace::SigningKey::Parse(ReadFile(client).value()).value();
  const std::string proof = key.Sign(AsBytes("content")).value();
  EXPECT_TRUE(
      VerifyProof(token->pop_key, AsBytes("content"), AsBytes(proof)).ok());
}

TEST_F(ProgramTest, CwtsOfEveryKeyAreVerified) {
  const std::string rs = NewKey("rs", "HS256");
  for (const std::string alg : {"EdDSA", "ES256", "HS256"}) {
    const std::string issuer = NewKey(alg, alg);
    const std::string client = NewKey("client-" + alg, alg);
    std::vector<std::string> options = {
        "--format",     "cwt",
        "--scope",      R"([["a/#",["pub"]],["b",["sub"]]])",
        "--token-id",   "t-1",
        "--not-before", "-10s"};
    if (alg == "HS256") {
      options.insert(options.end(), {"--encryption-key", rs});
    }
    const std::string printed = Printed(Token(issuer, client, options));
    const auto bytes = ace::Base64UrlDecode(printed);
    ASSERT_TRUE(bytes.has_value()) << printed;
    const auto token = VerifyToken(*bytes, issuer + ".pub", rs + ".pub");
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_EQ(token->issuer, "https://as");
    EXPECT_EQ(token->subject, "alice");
    EXPECT_EQ(token->token_id, "742d31");  // "t-1"
    EXPECT_EQ(token->expires_at, kNow + absl::Hours(1));
    EXPECT_EQ(token->scope,
              (ace::Scope{{{"a/#", true, false}, {"b", false, true}}}));
    EXPECT_EQ(token->pop_key.thumbprint(),
              ReadKeys(client + ".pub").keys()[0].Thumbprint());
    EXPECT_EQ(token->pop_key.kid(), ReadKeys(client + ".pub").keys()[0].kid());
  }
}

TEST_F(ProgramTest, WritesATokenAsAClientSendsIt) {
  const std::string issuer = NewKey("as", "EdDSA");
  const std::string client = NewKey("client", "EdDSA");
  for (const std::string format : {"jwt", "cwt"}) {
    const std::string path = Path("token." + format);
    const std::vector<std::string> options = {"--format", format, "--out",
                                              path};
    const Result result = Token(issuer, client, options);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(testing::ModeOf(path), 0600);
    const auto token = VerifyToken(ReadFile(path).value(), issuer + ".pub");
    ASSERT_TRUE(token.ok()) << token.status();
    EXPECT_FALSE(token->token_id.empty());
    // Not over another file.
    EXPECT_EQ(Token(issuer, client, options).status, 1);
  }
}

TEST_F(ProgramTest, WhatIsNotSaidHasDefaults) {
  const std::string issuer = NewKey("as", "EdDSA");
  const std::string client = NewKey("client", "EdDSA");
  const auto one = Verify(Token(issuer, client), issuer + ".pub");
  const auto two = Verify(Token(issuer, client), issuer + ".pub");
  ASSERT_TRUE(one.ok()) << one.status();
  EXPECT_EQ(one->scope, ace::Scope());
  EXPECT_FALSE(one->token_id.empty());
  EXPECT_NE(one->token_id, two->token_id);
}

TEST_F(ProgramTest, ALifetimeMayBeInSeconds) {
  const std::string issuer = NewKey("as", "EdDSA");
  const std::string client = NewKey("client", "EdDSA");
  const auto token =
      Verify(Ctl({"dev", "token", "--key", issuer, "--issuer", "https://as",
                  "--audience", "broker", "--subject", "alice", "--expires-in",
                  "3600", "--cnf-key", client}),
             issuer + ".pub");
  EXPECT_TRUE(token.ok()) << token.status();
}

// They stand before any command.
TEST_F(ProgramTest, OptionsOfTheConnectionChangeNothingOffline) {
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"--server", "127.0.0.1:1"},
        {"--output=json"},
        {"--server=x", "--output", "table"}}) {
    std::vector<std::string> arguments = options;
    const std::string file =
        Path(absl::StrCat("key", options.size(), options[0].size()));
    for (const char* word : {"dev", "keygen", "--alg", "EdDSA", "--out"}) {
      arguments.push_back(word);
    }
    arguments.push_back(file);
    const Result result = Ctl(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    EXPECT_EQ(ReadKeys(file + ".pub").keys().size(), 1u);
  }
}

TEST_F(ProgramTest, TokensMayBeOutOfTheirTime) {
  const std::string issuer = NewKey("as", "EdDSA");
  const std::string client = NewKey("client", "EdDSA");
  const Result expired =
      Ctl({"dev", "token", "--key", issuer, "--issuer", "https://as",
           "--audience", "broker", "--subject", "alice", "--expires-in", "-1s",
           "--cnf-key", client});
  EXPECT_EQ(ace::RejectionOf(Verify(expired, issuer + ".pub").status()),
            ace::Rejection::kExpired);
  const Result early = Token(issuer, client, {"--not-before", "1m"});
  EXPECT_EQ(ace::RejectionOf(Verify(early, issuer + ".pub").status()),
            ace::Rejection::kInvalid);
}

struct TokenErrorCase {
  std::vector<std::string> options;
  int status;
  absl::string_view err;
};

TEST_F(ProgramTest, TokenSaysWhatIsWrong) {
  const std::string issuer = NewKey("as", "EdDSA");
  const std::string client = NewKey("client", "EdDSA");
  const std::string symmetric = NewKey("symmetric", "HS256");
  for (const TokenErrorCase& test : std::vector<TokenErrorCase>{
           {{"--scope", R"([["a#",["pub"]]])"},
            2,
            "--scope: scope entry 0: not a valid topic filter"},
           {{"--scope", "publish_a"}, 2, "--scope: scope: malformed JSON"},
           {{"--format", "xml"}, 2, "--format is not jwt or cwt"},
           {{"--not-before", "soon"}, 2, "--not-before is not a duration"},
           {{"--not-before", "inf"}, 2, "--not-before is out of range"},
           {{"--token-id", "\xff"}, 2, "--token-id is not UTF-8"},
           {{"--encryption-key", symmetric},
            2,
            "--encryption-key goes with a symmetric --cnf-key only"},
       }) {
    const Result result = Token(issuer, client, test.options);
    EXPECT_EQ(result.status, test.status);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(absl::StartsWith(
        result.err, absl::StrCat("sluicectl: dev token: ", test.err)))
        << result.err;
  }
}

TEST_F(ProgramTest, KeysThatDoNotFitAreRefused) {
  const std::string issuer = NewKey("as", "EdDSA");
  const std::string client = NewKey("client", "EdDSA");
  const std::string symmetric = NewKey("symmetric", "HS256");
  const std::string two_keys = dir_.Write(
      "two",
      absl::StrCat(R"({"keys":[)", ReadKeys(client + ".pub").keys()[0].ToJson(),
                   ",", ReadKeys(issuer + ".pub").keys()[0].ToJson(), "]}"));
  const std::string broken =
      dir_.Write("broken", R"({"kty":"oct","k":"s3cret=="})");
  for (const Result& result :
       {Token(issuer + ".pub", client), Token(Path("absent"), client),
        Token(issuer, Path("absent")), Token(issuer, two_keys),
        Token(issuer, broken), Token(broken, client),
        Token(issuer, symmetric, {"--encryption-key", client}),
        Token(issuer, symmetric, {"--encryption-key", broken})}) {
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_TRUE(absl::StrContains(result.err, dir_.path())) << result.err;
    EXPECT_FALSE(absl::StrContains(result.err, "s3cret")) << result.err;
  }
  EXPECT_EQ(Token(issuer, symmetric).status, 2);
}

}  // namespace
}  // namespace sluice::ctl
