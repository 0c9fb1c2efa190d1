// What of tokens is kept, and what becomes of grants where it cannot be.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "test/policy/service/authenticator_harness.h"

namespace sluice::policy {
namespace {

class KeptTokenTest : public AuthenticatorHarness {
 protected:
  static v1::AuthenticateRequest From(v1::AuthenticateRequest request,
                                      const std::string& client_id) {
    request.mutable_connection()->set_client_id(client_id);
    return request;
  }
  static v1::AuthenticateRequest RecheckOf(const std::string& token) {
    v1::AuthenticateRequest request = Request();
    request.mutable_recheck()->set_token(token);
    return request;
  }
};

// covers: ACE-POP-5, ACE-AZI-3
TEST_F(KeptTokenTest, UnderEverNewClientIdentifiersAClientIsGrantedAllTheSame) {
  const v1::AuthenticateRequest request = WithExporter(Token(client_), client_);
  TokenOptions options;
  options.token_id = "token-2";
  const v1::AuthenticateRequest another =
      WithExporter(Token(client_, options), client_);
  for (int i = 0; i < 30; ++i) {
    Granted(From(request, absl::StrCat("r", i)));
    Granted(From(another, absl::StrCat("a", i)));
  }
  EXPECT_EQ(Denied(From(Stored(), "a29")).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
}

// covers: ACE-POP-5, ACE-TOK-5
TEST_F(KeptTokenTest, ARecheckLeavesTheClientIdentifierThatWasProvenLast) {
  const std::string token = Token(client_);
  Granted(From(WithExporter(token, client_), "c1"));
  Granted(From(WithExporter(token, client_), "c2"));
  Granted(From(RecheckOf(token), "c1"));
  EXPECT_TRUE(Ask(From(Stored(), "c2")).has_challenge_required());
  EXPECT_EQ(Denied(From(Stored(), "c1")).reason(),
            v1::Denial::REASON_NO_CREDENTIAL);
}

}  // namespace
}  // namespace sluice::policy
