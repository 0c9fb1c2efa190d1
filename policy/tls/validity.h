#ifndef POLICY_TLS_VALIDITY_H_
#define POLICY_TLS_VALIDITY_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "policy/tls/pem.h"

namespace sluice::policy {

// When certificates are valid. Each takes the PEM of certificates that
// CheckCertificates() has passed. A root behind the first certificate of a
// chain does not count: whoever verifies the chain has it from elsewhere.

// When the first of a chain expires; the infinite future where none tells.
absl::Time FirstExpiry(absl::string_view pem);
// When the last of them does, from when on none of them is of use as a CA.
absl::Time LastExpiry(absl::string_view pem);

// What operators should know at `now`: that a certificate is not valid yet, or
// any more, or that of its life less than three days and a third are left. Of
// CAs it counts only where the same is so of all. Empty where all is well.
std::string ValidityWarning(absl::string_view pem, CertificateUse use,
                            absl::Time now);

// Certificates that something uses.
struct CertificateInUse {
  std::string name;  // for people: such as field and file
  std::string pem;
  CertificateUse use;
};

// What ValidityWarning() says of each of which it says something: "NAME:
// WARNING".
std::vector<std::string> ValidityWarnings(
    absl::Span<const CertificateInUse> certificates, absl::Time now);

// ValidityWarning() without what only expires soon: what connections fail for
// at `now`.
std::string ValidityProblem(absl::string_view pem, CertificateUse use,
                            absl::Time now);

}  // namespace sluice::policy

#endif  // POLICY_TLS_VALIDITY_H_
