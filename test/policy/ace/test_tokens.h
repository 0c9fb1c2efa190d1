#ifndef TEST_POLICY_ACE_TEST_TOKENS_H_
#define TEST_POLICY_ACE_TEST_TOKENS_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/decryption_key.h"
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

// An issuer's RSA key, and tokens that are valid at TestNow(), signed with it
// by an independent program. Their claims are fewer than TestClaims().
inline constexpr absl::string_view kRsaIssuerJwk =
    R"({"kty":"RSA","e":"AQAB","n":")"
    "kn_JcTPLgNs7qhJzID4iuP-7LNXqEBFPBVqmlINpKLS0PVbvNvQCEVTMEVw06AMPAKol_mEo"
    "tRyPQKIHZebVqbLvSDZW9O7ppfEiqb5iUKgvPOgeXrimJWJr9-DYc8Wo3h48UUWmTDAVhvk8"
    "JEEMQJctI5g5fpHjRoQ_6WFHa65pDl8W7U5ByZHOtIqkQOpNtVjvQAGjPvXwBPNzxVN6ZfJl"
    "hwlJiK6Ymw9d1Z4DVGsITpwKRgCfqB4S-O07WbmGHjP6Yk94W47-3pUhKITIGKXn5Tg-7nKt"
    "T2kU21AwlLyoWx3sv084yUN76XfTLIG1fO-4dOqZzbsznki38SKW3w"
    R"("})";
inline constexpr absl::string_view kRs256Jwt =
    "eyJhbGciOiAiUlMyNTYifQ.eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbGUiLCJhdWQiOiJic"
    "m9rZXIiLCJzdWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMDA2MCwiY25mIjp7Imp3ayI6eyJrd"
    "HkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImY4M09KM0QyeEYxQmc4dnViOXRMZTFnSE16V"
    "jc2ZThUdXM5dVBIdlJWRVUiLCJ5IjoieF9GRXpSdTltMzZITE5fdHVlNjU5TE5wWFc2cEN5U"
    "3Rpa1lqS0lXSTVhMCJ9fX0.FjvcsTB0UR-etlr4Ouc79qds8oin_0BknYKzCOaehRpi8_af6"
    "oPAhTScArlk0Qk-VcHYlh38xsiUBAmWqdUGYHWWdeGZCzB3EkDmJm18h7wusGA4NVy0IMyVH"
    "3we47vhrYDs1RSNZOMLd6bzNhkAfn_1I4aDOUGgnB3_td8JQr9FfN5nSJV87b9e8whtIRheo"
    "aK2LN0ehTDKvvX-t7ZrLP6acYLkVVVOf-gl_kEqrGwdxF0-OMuygjk3nPdl5vQVTBX23g9ZT"
    "GNjgbVDjm2WXljN06lRXtpNEKEM668vnNBhGIUVV2UDF0HFc1y7i2vfBDxB3ltwP9SYik-P1"
    "xVuGw";
inline constexpr absl::string_view kPs256Jwt =
    "eyJhbGciOiAiUFMyNTYifQ.eyJpc3MiOiJodHRwczovL2FzLmV4YW1wbGUiLCJhdWQiOiJic"
    "m9rZXIiLCJzdWIiOiJhbGljZSIsImV4cCI6MTcwMDAwMDA2MCwiY25mIjp7Imp3ayI6eyJrd"
    "HkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImY4M09KM0QyeEYxQmc4dnViOXRMZTFnSE16V"
    "jc2ZThUdXM5dVBIdlJWRVUiLCJ5IjoieF9GRXpSdTltMzZITE5fdHVlNjU5TE5wWFc2cEN5U"
    "3Rpa1lqS0lXSTVhMCJ9fX0.BoBuW6Y_lIoxItAbII_XrKxYls1mEN4NNDBEE87zNlulE1YHx"
    "ZIZyevV83hhfkSOtHdE6CpR77K1xo3pYQa5KNPYiFt4OZ-yNnXTklcLGnTn607Q3228k14ze"
    "dQSQQvgOYjUvW09EwA2KTm7XS-JVYvmQ0DHgk36TtIPe-QNDyb5TKHU_fAoarWTIbP8eTTHe"
    "6I8S0o6eSr5yAbmxoEfr8SmfbVGUzCGGKsE7Dpo93Gh5leFm9kqH2no9dm_x3Wn2UE8TgC3s"
    "qZ9d4UkLmJA_TGIngPS08_DAIo5re1fapA1jqXfmJCXL5nFEiAMJG4VFoOZEN4zVgEAkK52J"
    "EeDRA";

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

// The same for the broker's own keys, private or symmetric.
DecryptionKeySet TestDecryptionKeys(const std::vector<std::string>& jwks);

// The claims of a token that is valid at TestNow(), for 60 seconds, and bound
// to the key of kP256PrivateJwk.
Json TestClaims();

// `claims` signed with the key of kEd25519PrivateJwk.
std::string TestToken(const Json& claims = TestClaims());

}  // namespace sluice::ace

#endif  // TEST_POLICY_ACE_TEST_TOKENS_H_
