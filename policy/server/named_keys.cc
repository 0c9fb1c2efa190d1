#include "policy/server/named_keys.h"

#include <utility>

#include "proxy/config/named_file.h"

namespace sluice::policy {

absl::StatusOr<std::string> ReadNamedCertificates(
    const config::Locations& locations, const std::string& path,
    const std::string& name, CertificateUse use) {
  absl::StatusOr<std::string> contents =
      config::ReadNamedFile(locations, path, name);
  if (!contents.ok()) return contents;
  if (absl::Status s = CheckCertificates(*contents, use); !s.ok()) {
    return locations.Error(path, absl::StrCat(name, ": ", s.message()));
  }
  return contents;
}

absl::StatusOr<SecretString> ReadNamedPrivateKey(
    const config::Locations& locations, const std::string& path,
    const std::string& name, const std::string& certificate) {
  absl::StatusOr<std::string> contents =
      config::ReadNamedFile(locations, path, name);
  if (!contents.ok()) return contents.status();
  SecretString key(*std::move(contents));
  if (absl::Status s = CheckPrivateKey(key.str(), certificate); !s.ok()) {
    return locations.Error(path, absl::StrCat(name, ": ", s.message()));
  }
  return key;
}

}  // namespace sluice::policy
