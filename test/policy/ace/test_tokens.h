#ifndef TEST_POLICY_ACE_TEST_TOKENS_H_
#define TEST_POLICY_ACE_TEST_TOKENS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/json.h"
#include "policy/ace/jwk.h"
#include "policy/ace/signing_key.h"

namespace sluice::ace {

// Keys of the standards' examples.

// RFC 8037 appendix A.1.
inline constexpr absl::string_view kEd25519PrivateJwk =
    R"({"kty":"OKP","crv":"Ed25519",
        "d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
// RFC 7515 appendix A.3.1.
inline constexpr absl::string_view kP256PrivateJwk =
    R"({"kty":"EC","crv":"P-256",
        "x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d":"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"})";
// RFC 7515 appendix A.1.1.
inline constexpr absl::string_view kHs256Secret =
    "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUu"
    "TwjAzZr1Z9CAow";
inline constexpr absl::string_view kHs256Jwk =
    R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75)"
    R"(aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"})";

inline constexpr char kTestIssuer[] = "https://as.example";
inline constexpr char kTestAudience[] = "broker";
inline constexpr int64_t kTestNow = 1'700'000'000;

inline absl::Time TestNow() { return absl::FromUnixSeconds(kTestNow); }

// `jwk` with `members`, a JSON object, added or put in their place.
std::string WithMembers(absl::string_view jwk, absl::string_view members);

// A private key, with `members` added; the test fails where there is none.
SigningKey TestKey(absl::string_view jwk, absl::string_view members = "{}");

// A JWKS of `jwks`.
JwkSet TestKeySet(const std::vector<std::string>& jwks);

// The claims of a token that is valid at TestNow(), for 60 seconds, and bound
// to the key of kP256PrivateJwk.
Json TestClaims();

// `claims` signed with the key of kEd25519PrivateJwk.
std::string TestToken(const Json& claims = TestClaims());

}  // namespace sluice::ace

#endif  // TEST_POLICY_ACE_TEST_TOKENS_H_
