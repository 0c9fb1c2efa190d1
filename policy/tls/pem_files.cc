#include "policy/tls/pem_files.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proxy/base/small_file.h"

namespace sluice::policy {
namespace {

absl::Status Of(const std::string& file, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(file, ": ", status.message()));
}

}  // namespace

absl::StatusOr<std::string> ReadCertificates(const std::string& file,
                                             CertificateUse use) {
  absl::StatusOr<std::string> pem = ReadSmallFile(file);
  if (!pem.ok()) return pem;
  if (absl::Status s = CheckCertificates(*pem, use); !s.ok()) {
    return Of(file, s);
  }
  return pem;
}

absl::StatusOr<SecretString> ReadPrivateKey(const std::string& file,
                                            absl::string_view certificates) {
  absl::StatusOr<std::string> contents = ReadSmallFile(file);
  if (!contents.ok()) return contents.status();
  SecretString key(*std::move(contents));
  if (absl::Status s = CheckPrivateKey(key.str(), certificates); !s.ok()) {
    return Of(file, s);
  }
  return key;
}

}  // namespace sluice::policy
