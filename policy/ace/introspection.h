#ifndef POLICY_ACE_INTROSPECTION_H_
#define POLICY_ACE_INTROSPECTION_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "policy/ace/token_contents.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// Asking an authorization server what a token stands for: OAuth 2.0 Token
// Introspection (RFC 7662), and its ACE forms (RFC 9200 section 5.9). The
// messages only; who carries them does so over TLS, which authenticates the
// server.

enum class IntrospectionFormat {
  kForm,     // application/x-www-form-urlencoded, answered in JSON
  kAceJson,  // application/ace+json
  kAceCbor,  // application/ace+cbor
};

// How the broker shows who it is (RFC 6749 section 2.3.1).
enum class ClientAuthentication {
  kBasic,  // HTTP Basic
  kPost,   // client_id and client_secret in the body
  // By a certificate in the TLS handshake (RFC 8705 section 2); client_id in
  // the body.
  kTls,
};

struct IntrospectionClient {
  IntrospectionFormat format = IntrospectionFormat::kForm;
  ClientAuthentication authentication = ClientAuthentication::kBasic;
  std::string id;      // empty: nothing is shown
  std::string secret;  // with `id`, but for kTls
};

// What is posted.
struct IntrospectionRequest {
  std::string content_type;
  std::string accept;
  std::string authorization;  // the header's value; empty: none. A secret.
  std::string body;           // a secret
};

// The question about `token`. Rejection::kUnparsable where it is empty, or
// where the format cannot carry it: JSON is UTF-8 (RFC 8259 section 8.1), and
// U+0000 is no part of a token.
absl::StatusOr<IntrospectionRequest> WriteIntrospectionRequest(
    const IntrospectionClient& client, ByteView token);

struct IntrospectionAnswer {
  TokenContents contents;
  // Whether the answer itself says when the token expires.
  bool has_expiry;
};

// Reads what `issuer`, asked at `context.now`, answered. `cnf` may hold a
// symmetric key in clear: the channel is encrypted and the server known.
// `scope` may also be the array itself (ACE-SCP-1). `iss` may be missing, and
// is then the issuer's name; another one is refused. So may `exp` (RFC 7662
// section 2.2): the token then ends `max_age` after now.
//
// Failures with a Rejection are decisions: kInvalid where the token is not
// active, or is what a token must not be. One without says that this is no
// answer, and nothing was decided. Messages hold nothing of the answer.
absl::StatusOr<IntrospectionAnswer> ReadIntrospectionAnswer(
    IntrospectionFormat format, ByteView body, const Issuer& issuer,
    const TokenContext& context, absl::Duration max_age);

}  // namespace sluice::ace

#endif  // POLICY_ACE_INTROSPECTION_H_
