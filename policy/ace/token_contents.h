#ifndef POLICY_ACE_TOKEN_CONTENTS_H_
#define POLICY_ACE_TOKEN_CONTENTS_H_

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "policy/ace/claims.h"
#include "policy/ace/decryption_key.h"
#include "policy/ace/issuer.h"
#include "policy/ace/known_keys.h"
#include "policy/ace/pop_key.h"
#include "policy/ace/scope.h"

namespace sluice::ace {

// What a token is read with.
struct TokenContext {
  const std::vector<Issuer>& issuers;
  const DecryptionKeySet& decryption_keys;
  // Null where no key is known.
  const KnownKeysInterface* known_keys;
  absl::Time now;
};

// What a token says, whatever its format, once its issuer vouches for it. It
// may still be for another audience or out of date.
struct TokenContents {
  const Issuer* issuer;
  Claims claims;
  PopKey pop_key;
  Scope scope;
  // SHA-256 of the claims as they were signed or encrypted; empty where they
  // were learnt by introspection.
  std::string digest = {};
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_TOKEN_CONTENTS_H_
