#ifndef POLICY_ACE_TOKEN_FORMAT_H_
#define POLICY_ACE_TOKEN_FORMAT_H_

#include "proxy/base/bytes.h"

namespace sluice::ace {

// What a token is by its form (ACE-TOK-1).
enum class TokenFormat {
  kEmpty,
  // Three parts divided by dots, the first the base64url of a JSON object with
  // a string `alg`: a JWS in the compact serialisation, such as a signed JWT.
  kJws,
  // The same with five parts: a JWE, such as an encrypted JWT.
  kJwe,
  // Begins like a CWT: with the tag of a CWT (61) or of COSE_Sign1 (18),
  // COSE_Mac0 (17) or COSE_Encrypt0 (16), or with an array as long as theirs.
  kCose,
  // Anything else. Only the authorization server knows what it stands for, so
  // it is a matter for introspection.
  kReference,
};

// Looks at the form and believes nothing. Cheap: reads the header of a JWS or
// JWE and the first bytes of all else.
TokenFormat ClassifyToken(ByteView token);

// Whether `token` is kCose and CBOR to its end. Random bytes, as references may
// have, begin like a CWT now and then.
bool IsWellFormedCose(ByteView token);

}  // namespace sluice::ace

#endif  // POLICY_ACE_TOKEN_FORMAT_H_
