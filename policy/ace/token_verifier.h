#ifndef POLICY_ACE_TOKEN_VERIFIER_H_
#define POLICY_ACE_TOKEN_VERIFIER_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "policy/ace/jwk.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/scope.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// Longer tokens are refused unread. A CONNECT cannot carry more.
inline constexpr size_t kMaxTokenBytes = 64 * 1024;

// The edition of the profile that an issuer speaks.
enum class Profile {
  kRfc9431,
  // draft-ietf-ace-mqtt-tls-profile-01: `scope` is written otherwise
  // (ACE-D01-1). Its weaker proofs are the caller's matter.
  kDraft01,
};

// An authorization server whose tokens are accepted.
struct Issuer {
  // Compared with `iss`, byte for byte.
  std::string name;
  Profile profile = Profile::kRfc9431;
  // The keys with which it signs.
  JwkSet keys;
};

// What a valid token says.
struct VerifiedToken {
  // `iss`: the name of a configured issuer.
  std::string issuer;
  // That issuer's.
  Profile profile;
  // `sub`; empty where the token has none.
  std::string subject;
  // `jti`; empty where the token has none. Printable ASCII.
  std::string token_id;
  // Empty where the token has none (ACE-SCP-5).
  Scope scope;
  // When the grant ends. The leeway only admits tokens: this is `exp` while
  // that is ahead, else (the token was admitted within the leeway) `exp` plus
  // the leeway, so always later than the `now` that Verify was given.
  absl::Time expires_at;
  // What a proof of possession is checked with.
  PopKey pop_key;
};

// Verifies self-contained access tokens: signed JWTs (RFC 7519 in RFC 7515's
// compact serialisation) with a confirmation key (RFC 7800).
//
// Immutable, so Verify may be called from any thread; new issuers or keys mean
// a new verifier. It knows no clock and does no I/O.
class TokenVerifier {
 public:
  struct Options {
    // Names are unique and not empty.
    std::vector<Issuer> issuers;
    // This broker's; must be among a token's `aud`. Not empty.
    std::string audience;
    // Leeway for `exp`, `nbf` and `iat`. Not negative.
    absl::Duration clock_skew = absl::Seconds(30);
    // Symmetric keys with which `cnf.jwe` is decrypted.
    JwkSet decryption_keys;
  };

  // InvalidArgument, naming the option, where `options` break a rule above or
  // an issuer's symmetric key is shorter than HS256 allows (32 bytes).
  static absl::StatusOr<TokenVerifier> Create(Options options);

  // Checks `token` at the instant `now`: the signature first, then the claims
  // (ACE-TOK-2, -3, -4, -6; ACE-SCP-1). Before the signature is checked, `iss`
  // is read for one purpose, to choose the keys to check it with.
  //
  // Every failure carries a Rejection, and a message that says what is wrong
  // and holds nothing of the token but the position of the fault:
  //  - kUnparsable: not a JWT by its form, which is three parts (encrypted:
  //    five) divided by dots, the first the base64url of a JSON object with a
  //    string `alg`. Such a token may still be a reference to introspect.
  //  - kExpired: all else is in order, but `exp` and the leeway have passed.
  //  - kInvalid: everything else.
  // Possession of the key is not checked here: see VerifyProof.
  absl::StatusOr<VerifiedToken> Verify(ByteView token, absl::Time now) const;

 private:
  explicit TokenVerifier(Options options);

  Options options_;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_TOKEN_VERIFIER_H_
