#ifndef POLICY_ACE_ALGORITHM_H_
#define POLICY_ACE_ALGORITHM_H_

#include <optional>

#include "absl/strings/string_view.h"

namespace sluice::ace {

// Signature and MAC algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1).
enum class Algorithm {
  kEdDsa,  // over Ed25519
  kEs256,  // over P-256, signature as raw r || s
  kHs256,
};

// The JOSE name: "EdDSA", "ES256", "HS256".
absl::string_view AlgorithmName(Algorithm algorithm);

// nullopt for every name that is not one of ours, "none" included. Names are
// case-sensitive (RFC 7515 section 4.1.1).
std::optional<Algorithm> AlgorithmFromName(absl::string_view name);

}  // namespace sluice::ace

#endif  // POLICY_ACE_ALGORITHM_H_
