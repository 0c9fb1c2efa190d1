#ifndef POLICY_TLS_PEM_FILES_H_
#define POLICY_TLS_PEM_FILES_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/tls/pem.h"
#include "proxy/base/secret_string.h"

namespace sluice::policy {

// PEM files, read and checked. The message of a failure names the file.

absl::StatusOr<std::string> ReadCertificates(const std::string& file,
                                             CertificateUse use);

// The key that belongs to the first of `certificates`.
absl::StatusOr<SecretString> ReadPrivateKey(const std::string& file,
                                            absl::string_view certificates);

}  // namespace sluice::policy

#endif  // POLICY_TLS_PEM_FILES_H_
