#ifndef POLICY_ACE_ALGORITHM_H_
#define POLICY_ACE_ALGORITHM_H_

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"

namespace sluice::ace {

// Signature and MAC algorithms (RFC 7518 section 3.1, RFC 8037 section 3.1,
// RFC 9053 sections 2 and 3).
enum class Algorithm {
  kEdDsa,  // over Ed25519
  kEs256,  // over P-256, signature as raw r || s
  kHs256,
  // RSASSA with SHA-256: PKCS1-v1_5, and PSS with 32 bytes of salt. Only
  // authorization servers sign JWTs with them.
  kRs256,
  kPs256,
};

// The JOSE name: "EdDSA", "ES256", "HS256", "RS256", "PS256".
absl::string_view AlgorithmName(Algorithm algorithm);

// nullopt for every name that is not one of ours, "none" included. Names are
// case-sensitive (RFC 7515 section 4.1.1).
std::optional<Algorithm> AlgorithmFromName(absl::string_view name);

// The identifier in COSE. nullopt for the RSA algorithms, which have no place
// in a CWT here, and for every identifier that is not one of ours, such as that
// of HMAC 256/64, whose MACs are cut to 8 bytes.
std::optional<int64_t> CoseAlgorithmId(Algorithm algorithm);
std::optional<Algorithm> AlgorithmFromCoseId(int64_t id);

}  // namespace sluice::ace

#endif  // POLICY_ACE_ALGORITHM_H_
