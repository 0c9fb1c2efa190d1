#include "policy/ace/private_key.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/string_view.h"
#include "policy/ace/json.h"
#include "test/policy/ace/test_tokens.h"

namespace sluice::ace {
namespace {

// Whether nothing is left of what `value` said.
bool IsCleansed(const Json& value) {
  if (const std::string* text = AsText(&value)) {
    return *text == std::string(text->size(), '\0');
  }
  if (!value.is_structured()) return true;
  for (const Json& element : value) {
    if (!IsCleansed(element)) return false;
  }
  return true;
}

TEST(PrivateKeyTest, LeavesNothingInTheDocument) {
  for (const std::string& jwk : {
           std::string(kP256PrivateJwk),
           std::string(kHs256Jwk),
           // No private member, one that cannot be read, and another's.
           TestKey(kP256PrivateJwk).jwk().ToJson(),
           WithMembers(kP256PrivateJwk, R"({"d":"not base64url"})"),
           WithMembers(kP256PrivateJwk, R"({"d":["secret"]})"),
           WithMembers(kP256PrivateJwk, R"({"d":"AAAA"})"),
           WithMembers(kP256PrivateJwk, R"({"kty":"secret"})"),
           WithMembers(kHs256Jwk, R"({"use":[7]})"),
       }) {
    Json json = *ParseJson(jwk);
    (void)ReadPrivateJwk(json);
    EXPECT_TRUE(IsCleansed(json)) << jwk;
  }
}

}  // namespace
}  // namespace sluice::ace
