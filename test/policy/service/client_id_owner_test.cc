// Client Identifiers with an owner: the proxy's `client_id: bound`.
#include <gtest/gtest.h>

#include <string>

#include "test/policy/service/authenticator_harness.h"

namespace sluice::policy {
namespace {

class ClientIdOwnerTest : public AuthenticatorHarness {
 protected:
  static v1::AuthenticateRequest Bound(v1::AuthenticateRequest request,
                                       const std::string& client_id = "id") {
    request.mutable_connection()->set_bind_client_id(true);
    request.mutable_connection()->set_client_id(client_id);
    return request;
  }

  // A request of `subject`, with a token until `expires_at`.
  v1::AuthenticateRequest Of(const std::string& subject,
                             absl::Time expires_at = kExpiry) {
    TokenOptions options;
    options.subject = subject;
    options.expires_at = expires_at;
    return Bound(WithExporter(Token(client_, options), client_));
  }

  v1::Denial::Reason Reason(const v1::AuthenticateRequest& request,
                            absl::Time now = kNow) {
    return Denied(request, now).reason();
  }
};

// covers: EDGE-20
TEST_F(ClientIdOwnerTest, AnotherSubjectIsRefusedUntilTheTokenExpires) {
  Granted(Of("alice"));
  const v1::Denial denial = Denied(Of("bob"));
  EXPECT_EQ(denial.reason(), v1::Denial::REASON_CLIENT_ID_IN_USE);
  EXPECT_EQ(denial.subject(), "bob");
  EXPECT_TRUE(denial.proven());
  Granted(Of("alice"));
  Granted(Of("bob", kExpiry + absl::Hours(1)), kExpiry);
  EXPECT_EQ(Reason(Of("alice", kExpiry + absl::Hours(1)), kExpiry),
            v1::Denial::REASON_CLIENT_ID_IN_USE);
}

// covers: EDGE-20
TEST_F(ClientIdOwnerTest, TheOwnerStaysWithALaterToken) {
  Granted(Of("alice"));
  Granted(Of("alice", kExpiry + absl::Hours(1)));
  EXPECT_EQ(Reason(Of("bob", kExpiry + absl::Hours(1)), kExpiry),
            v1::Denial::REASON_CLIENT_ID_IN_USE);
}

// covers: EDGE-20
TEST_F(ClientIdOwnerTest, AnonymousClientsMayNotUseIt) {
  Granted(Of("alice"));
  EXPECT_EQ(Reason(Bound(Anonymous(true))),
            v1::Denial::REASON_CLIENT_ID_IN_USE);
  Granted(Bound(Anonymous(true), "another"));
  Granted(Bound(Anonymous(true)), kExpiry);
}

// covers: EDGE-20
TEST_F(ClientIdOwnerTest, OnlyAProvenTokenOwns) {
  TokenOptions options;
  options.subject = "bob";
  Denied(Bound(WithExporter(Token(client_, options), stranger_)));
  Granted(Bound(Anonymous(true)));
  Granted(Of("alice"));
}

// covers: EDGE-20
TEST_F(ClientIdOwnerTest, TheEmptyIdentifierIsEverybodys) {
  TokenOptions options;
  for (const char* subject : {"alice", "bob"}) {
    options.subject = subject;
    Granted(Bound(WithExporter(Token(client_, options), client_), ""));
  }
  Granted(Bound(Anonymous(true), ""));
}

// covers: EDGE-20
TEST_F(ClientIdOwnerTest, WithoutBindingNobodyOwnsAnything) {
  TokenOptions options;
  for (const char* subject : {"alice", "bob"}) {
    options.subject = subject;
    Granted(WithExporter(Token(client_, options), client_));
  }
  Granted(Bound(Anonymous(true), "client-1"));
}

// covers: EDGE-20
TEST_F(ClientIdOwnerTest, WithoutASubjectTheKeyOwns) {
  TokenOptions options;
  options.subject = "";
  Granted(Bound(WithExporter(Token(client_, options), client_)));
  Granted(Bound(WithChallenge(Token(client_, options), client_)));
  EXPECT_EQ(Reason(Bound(WithExporter(Token(stranger_, options), stranger_))),
            v1::Denial::REASON_CLIENT_ID_IN_USE);
}

// covers: EDGE-20, ACE-POP-5
TEST_F(ClientIdOwnerTest, WhoIsRefusedDoesNotTakeTheStoredTokensPlace) {
  Granted(Of("alice"));
  TokenOptions options;
  options.subject = "bob";
  EXPECT_EQ(Reason(Bound(WithExporter(Token(stranger_, options), stranger_))),
            v1::Denial::REASON_CLIENT_ID_IN_USE);
  EXPECT_EQ(Granted(Bound(StoredWithChallenge(client_))).subject(), "alice");
}

// covers: EDGE-20
TEST_F(ClientIdOwnerTest, AFullTableIsAnErrorAndNoGrant) {
  FactLimits limits;
  limits.max_facts = 1;
  const Authenticator authenticator(issuer_.Verifier(), {}, store_,
                                    std::make_shared<MemoryFactStore>(limits),
                                    managed_);
  ASSERT_TRUE(authenticator.Authenticate(Of("alice"), kNow).ok());
  EXPECT_EQ(authenticator
                .Authenticate(
                    Bound(WithExporter(Token(client_), client_), "other"), kNow)
                .status()
                .code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace sluice::policy
