#ifndef POLICY_ACE_TOKEN_VERIFIER_H_
#define POLICY_ACE_TOKEN_VERIFIER_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/decryption_key.h"
#include "policy/ace/issuer.h"
#include "policy/ace/known_keys.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/scope.h"
#include "policy/ace/token_cache.h"
#include "policy/ace/token_contents.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// Longer tokens are refused unread. A CONNECT cannot carry more.
inline constexpr size_t kMaxTokenBytes = 64 * 1024;

// What a valid token says.
struct VerifiedToken {
  // `iss`: the name of a configured issuer.
  std::string issuer;
  // That issuer's.
  Profile profile;
  // `sub`; empty where the token has none.
  std::string subject;
  // `jti`, or the `cti` of a CWT in hexadecimal; empty where the token has
  // none. Without control characters.
  std::string token_id;
  // Empty where the token has none (ACE-SCP-5).
  Scope scope;
  // When the grant ends. The leeway only admits tokens: this is `exp` while
  // that is ahead, else (the token was admitted within the leeway) `exp` plus
  // the leeway, so always later than the `now` that Verify was given. Infinite
  // where the token has `exi` alone: see ExpiryFrom.
  absl::Time expires_at;
  // Until when the token is taken, be it presented or stored: `exp` plus the
  // leeway, or the year 9999, whichever is first. As to `exi`, see ExpiryFrom.
  absl::Time taken_until;
  // `exi`: how long the token lives from when it is first seen (ACE-TOK-8).
  // Then the token has a token_id, and the caller remembers under it, and its
  // issuer, when that was, for as long as the token could come again.
  std::optional<absl::Duration> exi;
  // What a proof of possession is checked with. Where it is a certificate, only
  // the TLS handshake can prove possession.
  PopKey pop_key;
  // `cnonce`, in bytes; empty where the token has none. Not checked here: only
  // who gave nonces out can (RFC 9200 section 5.3.1).
  std::string client_nonce;
  // `iat`, where the token has it.
  std::optional<absl::Time> issued_at;
  // Whether `expires_at` is only how long an authorization server's answer is
  // good for, which did not say when the token itself ends.
  bool may_outlive_grant = false;
  // Tells tokens without a token_id apart: SHA-256 of the claims as the issuer
  // vouches for them, or of the reference, for who asked about that. Not of the
  // token, whose header or encoding others may be able to change.
  std::string digest = {};
};

// When the grant of `token`, which was first seen at `first_seen`, ends: `exi`
// after that, or at `expires_at`, or with the year 9999, whichever is first.
// The token has expired where that is not later than now, however often it is
// presented.
absl::Time ExpiryFrom(const VerifiedToken& token, absl::Time first_seen);

// Verifies self-contained access tokens with a confirmation key: JWTs (RFC
// 7519), signed or signed and encrypted, and CWTs (RFC 8392), signed, MACed,
// encrypted or both. References are introspected elsewhere: see
// token_format.h, and Admit for what is learnt about them.
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
    // The broker's own keys, with which encrypted tokens and PoP keys are
    // decrypted.
    DecryptionKeySet decryption_keys;
    // Where null, a token that names its key by `kid` alone is refused.
    std::shared_ptr<const KnownKeysInterface> known_keys;
  };

  // InvalidArgument, naming the option, where `options` break a rule above or
  // an issuer's symmetric key is shorter than HS256 allows (32 bytes).
  static absl::StatusOr<TokenVerifier> Create(Options options);

  // Checks `token` at the instant `now`: the signature first, then the claims
  // (ACE-TOK-2, -3, -4, -6; ACE-SCP-1). Before the signature is checked, `iss`
  // is read for one purpose, to choose the keys to check it with.
  //
  // A failure carries a Rejection, and a message that says what is wrong and
  // holds nothing of the token but the position of the fault:
  //  - kUnparsable: no token by its form: empty, a reference (ClassifyToken),
  //    not the base64url of a JWS or JWE or the CBOR of a COSE structure, or
  //    signed, but not claims. Nothing that is encrypted counts here.
  //  - kExpired: all else is in order, but `exp` and the leeway have passed.
  //  - kInvalid: everything else.
  // Once the issuer vouches for all that the token says, it carries a
  // TokenIdentity as well.
  // One without a Rejection says that nothing was decided: the known keys could
  // not be asked, or the issuer's keys are pending. IssuerWithMissingKeys()
  // tells where it would help to read those.
  // Possession of the key is not checked here: see VerifyProof.
  //
  // Of a token that is in `cache` only the claims are checked; one whose
  // signature is good gets there, unless it names its key by `kid` alone, which
  // may come to mean another. Null: each is read anew.
  absl::StatusOr<VerifiedToken> Verify(ByteView token, absl::Time now,
                                       TokenCache* cache = nullptr) const;

  // The second half of Verify: checks what a token is known to say, be it from
  // the token itself or from its issuer, asked about it. `contents.issuer` is
  // one of issuers().
  absl::StatusOr<VerifiedToken> Admit(TokenContents contents,
                                      absl::Time now) const;

  // This verifier, with `known_keys` for tokens that name their key.
  TokenVerifier WithKnownKeys(
      std::shared_ptr<const KnownKeysInterface> known_keys) const;

  const std::vector<Issuer>& issuers() const { return options_.issuers; }
  const Options& options() const { return options_; }

  // What this verifier reads tokens with at `now`. Refers to this.
  TokenContext ContextAt(absl::Time now) const;

 private:
  explicit TokenVerifier(Options options);

  static absl::StatusOr<TokenContents> Read(ByteView token,
                                            const TokenContext& context);

  Options options_;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_TOKEN_VERIFIER_H_
