#ifndef POLICY_TLS_PEM_H_
#define POLICY_TLS_PEM_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::policy {

// Checks of what gRPC and libcurl would only complain about when it is too
// late, so that `--check`, or whoever writes it, finds out. Messages hold
// nothing of the texts.

// At least one certificate, each of which can be parsed.
absl::Status CheckCertificates(absl::string_view pem);

// A private key without a pass phrase that belongs to the first certificate of
// `certificates`, which CheckCertificates() has passed.
absl::Status CheckPrivateKey(absl::string_view private_key,
                             absl::string_view certificates);

}  // namespace sluice::policy

#endif  // POLICY_TLS_PEM_H_
