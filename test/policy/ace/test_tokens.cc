#include "test/policy/ace/test_tokens.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "policy/ace/base64url.h"
#include "policy/ace/jws_sign.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {
namespace {

std::string ToKeySet(const std::vector<std::string>& jwks) {
  return absl::StrCat(R"({"keys":[)", absl::StrJoin(jwks, ","), "]}");
}

}  // namespace

std::string WithMembers(absl::string_view jwk, absl::string_view members) {
  Json json = ParseJsonObject(jwk).value();
  json.update(ParseJsonObject(members).value());
  return json.dump();
}

SigningKey TestKey(absl::string_view jwk, absl::string_view members) {
  return SigningKey::Parse(WithMembers(jwk, members)).value();
}

JwkSet TestKeySet(const std::vector<std::string>& jwks) {
  return JwkSet::Parse(ToKeySet(jwks)).value();
}

DecryptionKeySet TestDecryptionKeys(const std::vector<std::string>& jwks) {
  return DecryptionKeySet::Parse(ToKeySet(jwks)).value();
}

Json TestClaims() {
  const std::string client_key = TestKey(kP256PrivateJwk).jwk().ToJson();
  return {
      {"iss", kTestIssuer},
      {"aud", kTestAudience},
      {"sub", "alice"},
      {"jti", "token-1"},
      {"iat", kTestNow - 10},
      {"nbf", kTestNow - 10},
      {"exp", kTestNow + 60},
      {"scope", Base64UrlEncode(AsBytes(R"([["a/#",["pub","sub"]]])"))},
      {"cnf", {{"jwk", ParseJson(client_key).value()}}},
  };
}

std::string TestToken(const Json& claims) {
  return SignJwt(TestKey(kEd25519PrivateJwk), claims.dump()).value();
}

}  // namespace sluice::ace
