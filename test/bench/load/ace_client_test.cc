#include "test/bench/load/ace_client.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "policy/ace/algorithm.h"
#include "policy/ace/jwk.h"
#include "policy/ace/jws.h"
#include "policy/ace/jws_sign.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/signing_key.h"
#include "test/testing/test_certificates.h"

namespace sluice::load {
namespace {

constexpr absl::string_view kExported = "0123456789abcdef0123456789abcdef";

// With every algorithm of the profile.
class AceClientTest : public ::testing::TestWithParam<ace::Algorithm> {
 protected:
  AceClientTest()
      : key_(*ace::SigningKey::Generate(GetParam())),
        client_("token", *ace::SigningKey::Parse(key_.ToPrivateJson())) {}

  bool Proves(absl::string_view content, absl::string_view proof) const {
    return ace::VerifyProof(*ace::PopKey::FromJwk(key_.jwk()), AsBytes(content),
                            AsBytes(proof))
        .ok();
  }

  ace::SigningKey key_;
  AceClient client_;
};

TEST_P(AceClientTest, ProvesWithTheExporter) {
  const absl::StatusOr<std::string> data =
      client_.ExporterData(AsBytes(kExported));
  ASSERT_TRUE(data.ok()) << data.status();
  const std::string token("\0\5token", 7);
  ASSERT_EQ(data->substr(0, token.size()), token);
  EXPECT_TRUE(Proves(kExported, data->substr(token.size())));
}

TEST_P(AceClientTest, HasOneTokenUnlessToldOtherwise) {
  ASSERT_TRUE(client_.NextToken().ok());
  EXPECT_EQ(client_.TokenData(), std::string("\0\5token", 7));
}

TEST_P(AceClientTest, SignsATokenForEachConnection) {
  const testing::TempDir directory;
  const std::string issuer_key =
      directory.Write("issuer", key_.ToPrivateJson());
  AceClient client(ace::SignJwt(key_, R"({"jti":"first","exp":9})").value(),
                   *ace::SigningKey::Parse(key_.ToPrivateJson()));
  ASSERT_TRUE(client.SignNewTokens(issuer_key).ok());
  std::string last = client.TokenData().substr(2);
  for (const char* jti : {"load-1", "load-2"}) {
    ASSERT_TRUE(client.NextToken().ok());
    const std::string token = client.TokenData().substr(2);
    EXPECT_NE(token, last);
    last = token;
    const absl::StatusOr<ace::Jws> jws = ace::Jws::Parse(token);
    ASSERT_TRUE(jws.ok()) << jws.status();
    EXPECT_TRUE(jws->Verify(*ace::JwkSet::Parse(absl::StrCat(
                                R"({"keys":[)", key_.jwk().ToJson(), "]}")))
                    .ok());
    EXPECT_EQ(jws->unverified_payload(),
              absl::StrCat(R"({"exp":9,"jti":")", jti, R"("})"));
  }
}

TEST_P(AceClientTest, AnswersTheChallenge) {
  EXPECT_EQ(client_.TokenData(), std::string("\0\5token", 7));
  const absl::StatusOr<std::string> answer =
      client_.ChallengeAnswer(AsBytes("rsnonce8"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_GT(answer->size(), AceClient::kNonceSize);
  const std::string nonce = answer->substr(0, AceClient::kNonceSize);
  EXPECT_TRUE(Proves(absl::StrCat("rsnonce8", nonce),
                     answer->substr(AceClient::kNonceSize)));
  EXPECT_NE(nonce, client_.ChallengeAnswer(AsBytes("rsnonce8"))
                       ->substr(0, AceClient::kNonceSize));
}

TEST_P(AceClientTest, RefusesAChallengeOfAnotherLength) {
  EXPECT_FALSE(client_.ChallengeAnswer(AsBytes("rsnonce")).ok());
  EXPECT_FALSE(client_.ChallengeAnswer(AsBytes("rsnonce89")).ok());
}

TEST_P(AceClientTest, HasUserNameAndPassword) {
  EXPECT_EQ(client_.Username(), "acedG9rZW4");
  const absl::StatusOr<std::string> password =
      client_.Password(AsBytes(kExported));
  ASSERT_TRUE(password.ok()) << password.status();
  EXPECT_TRUE(Proves(kExported, *password));
}

TEST_P(AceClientTest, LoadsFiles) {
  const testing::TempDir directory;
  const std::string token = directory.Write("token", "token\n");
  const std::string key = directory.Write("key", key_.ToPrivateJson());
  const absl::StatusOr<AceClient> client = AceClient::Load(token, key);
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_EQ(client->TokenData(), client_.TokenData());

  EXPECT_FALSE(AceClient::Load(directory.path() + "/none", key).ok());
  EXPECT_FALSE(AceClient::Load(token, token).ok());
  EXPECT_FALSE(AceClient::Load(directory.Write("empty", "\n"), key).ok());
}

INSTANTIATE_TEST_SUITE_P(Algorithms, AceClientTest,
                         ::testing::Values(ace::Algorithm::kEdDsa,
                                           ace::Algorithm::kEs256,
                                           ace::Algorithm::kHs256));

}  // namespace
}  // namespace sluice::load
