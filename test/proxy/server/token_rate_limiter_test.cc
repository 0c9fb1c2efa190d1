#include "proxy/server/token_rate_limiter.h"

#include <string>

#include "absl/status/statusor.h"
#include "gtest/gtest.h"

namespace sluice::server {
namespace {

uint64_t g_now = 0;  // nanoseconds

class CountingPolicy : public policy_client::PolicyClientInterface {
 public:
  void Authenticate(const policy::v1::AuthenticateRequest& /*request*/,
                    Callback<policy::v1::AuthenticateResponse> done) override {
    ++authenticated;
    done(policy::v1::AuthenticateResponse());
  }
  void StoreToken(const policy::v1::StoreTokenRequest& /*request*/,
                  Callback<policy::v1::StoreTokenResponse> done) override {
    ++stored;
    done(policy::v1::StoreTokenResponse());
  }
  void GetPreSharedKey(
      const policy::v1::GetPreSharedKeyRequest& /*request*/,
      Callback<policy::v1::GetPreSharedKeyResponse> done) override {
    done(policy::v1::GetPreSharedKeyResponse());
  }
  void Check(const policy::v1::CheckRequest& /*request*/,
             Callback<policy::v1::CheckResponse> done) override {
    done(policy::v1::CheckResponse());
  }
  int authenticated = 0;
  int stored = 0;
};

class TokenRateLimiterTest : public ::testing::Test {
 protected:
  static absl::StatusCode Store(TokenRateLimiter& limiter,
                                const std::string& client_address) {
    policy::v1::StoreTokenRequest request;
    request.mutable_connection()->set_client_address(client_address);
    absl::StatusCode code = absl::StatusCode::kUnknown;
    limiter.StoreToken(
        request,
        [&code](absl::StatusOr<policy::v1::StoreTokenResponse> answer) {
          code = answer.status().code();
        });
    return code;
  }

  CountingPolicy policy_;
};

// covers: ACE-AZI-3
TEST_F(TokenRateLimiterTest, StopsAFloodOfOneAddressOnly) {
  TokenRateLimiter limiter(&policy_, 2, [] { return g_now; });
  EXPECT_EQ(Store(limiter, "192.0.2.1:1000"), absl::StatusCode::kOk);
  EXPECT_EQ(Store(limiter, "192.0.2.1:1001"), absl::StatusCode::kOk);
  EXPECT_EQ(Store(limiter, "192.0.2.1:1002"),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(policy_.stored, 2);
  EXPECT_EQ(Store(limiter, "192.0.2.2:1000"), absl::StatusCode::kOk);
  EXPECT_EQ(Store(limiter, "[2001:db8::1]:1000"), absl::StatusCode::kOk);

  g_now += 500'000'000;
  EXPECT_EQ(Store(limiter, "192.0.2.1:1003"), absl::StatusCode::kOk);
  EXPECT_EQ(Store(limiter, "192.0.2.1:1004"),
            absl::StatusCode::kResourceExhausted);
}

TEST_F(TokenRateLimiterTest, ATokenWhoseNonceIsAskedForFirstIsOne) {
  TokenRateLimiter limiter(&policy_, 2, [] { return g_now; });
  policy::v1::StoreTokenRequest first;
  first.mutable_connection()->set_client_address("192.0.2.9:1000");
  policy::v1::StoreTokenRequest second = first;
  first.set_ask_cnonce(true);
  second.set_asked_cnonce(true);
  int answered = 0;
  const auto count = [&answered](const auto& answer) {
    if (answer.ok()) ++answered;
  };
  for (int i = 0; i < 2; ++i) {
    limiter.StoreToken(first, count);
    limiter.StoreToken(second, count);
  }
  EXPECT_EQ(answered, 4);
  limiter.StoreToken(first, count);
  EXPECT_EQ(answered, 4);
}

TEST_F(TokenRateLimiterTest, HasNoLimitAtZero) {
  TokenRateLimiter limiter(&policy_, 0, [] { return g_now; });
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(Store(limiter, "192.0.2.1:1000"), absl::StatusCode::kOk);
  }
}

TEST_F(TokenRateLimiterTest, LetsEverythingElsePass) {
  TokenRateLimiter limiter(&policy_, 1, [] { return g_now; });
  for (int i = 0; i < 10; ++i) {
    limiter.Authenticate(policy::v1::AuthenticateRequest(),
                         [](auto answer) { EXPECT_TRUE(answer.ok()); });
  }
  EXPECT_EQ(policy_.authenticated, 10);
}

}  // namespace
}  // namespace sluice::server
