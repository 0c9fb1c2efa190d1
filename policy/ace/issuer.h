#ifndef POLICY_ACE_ISSUER_H_
#define POLICY_ACE_ISSUER_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "policy/ace/jwk.h"

namespace sluice::ace {

// The edition of the profile that an issuer speaks.
enum class Profile {
  kRfc9431,
  // draft-ietf-ace-mqtt-tls-profile-01: `scope` is written otherwise
  // (ACE-D01-1). Its weaker proofs are the caller's matter.
  kDraft01,
};

// Where an issuer's keys come from.
enum class KeySource {
  kConfigured,
  // Read from the issuer, which may have others by now.
  kFetched,
  // To be read, and not there yet: nothing is known about its tokens.
  kPending,
};

// An authorization server whose tokens are accepted.
struct Issuer {
  // Compared with `iss`, byte for byte.
  std::string name;
  Profile profile = Profile::kRfc9431;
  // The keys with which it signs, and symmetric ones with which it encrypts a
  // CWT that it does not sign.
  JwkSet keys;
  KeySource key_source = KeySource::kConfigured;
  // The URL at which it is asked what references stand for (ACE-TOK-5); empty:
  // it is not asked.
  std::string introspection_url = {};
};

// The issuer of that name; nullptr where there is none.
inline const Issuer* FindIssuer(const std::vector<Issuer>& issuers,
                                absl::string_view name) {
  for (const Issuer& issuer : issuers) {
    if (issuer.name == name) return &issuer;
  }
  return nullptr;
}

}  // namespace sluice::ace

#endif  // POLICY_ACE_ISSUER_H_
