#ifndef POLICY_SERVER_NAMED_KEYS_H_
#define POLICY_SERVER_NAMED_KEYS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/tls/pem.h"
#include "proxy/base/secret_string.h"
#include "proxy/config/locations.h"
#include "proxy/config/named_file.h"

namespace sluice::policy {

// Keys and certificates in files that fields of a configuration name, relative
// to it. `path` is the field's, `name` what it holds. Failures name both and
// are for the user.

// The PEM of at least one certificate, fit for that use.
absl::StatusOr<std::string> ReadNamedCertificates(
    const config::Locations& locations, const std::string& path,
    const std::string& name, CertificateUse use);

// The PEM of the private key that belongs to `certificate`, a PEM chain.
absl::StatusOr<SecretString> ReadNamedPrivateKey(
    const config::Locations& locations, const std::string& path,
    const std::string& name, const std::string& certificate);

// A JwkSet or DecryptionKeySet with at least one key. What was passed over is
// added to `warnings`.
template <typename KeySet>
absl::StatusOr<KeySet> ReadNamedJwks(const config::Locations& locations,
                                     const std::string& path,
                                     const std::string& name,
                                     std::vector<std::string>* warnings) {
  absl::StatusOr<std::string> contents =
      config::ReadNamedFile(locations, path, name);
  if (!contents.ok()) return contents.status();
  const SecretString text(*std::move(contents));  // keys may be private
  absl::StatusOr<KeySet> keys = KeySet::Parse(text.str());
  if (!keys.ok()) {
    return locations.Error(path,
                           absl::StrCat(name, ": ", keys.status().message()));
  }
  if (keys->keys().empty()) {
    const bool has_any = !keys->skipped().empty();
    return locations.Error(
        path, absl::StrCat(name, ": holds no key that can be used",
                           has_any ? ": " : "",
                           has_any ? keys->skipped().front() : ""));
  }
  for (const std::string& skipped : keys->skipped()) {
    warnings->push_back(absl::StrCat(path, ": ", name, ": ", skipped));
  }
  const size_t untold = keys->skipped_count() - keys->skipped().size();
  if (untold != 0) {
    warnings->push_back(absl::StrCat(path, ": ", name, ": ", untold,
                                     " more keys are passed over"));
  }
  return keys;
}

}  // namespace sluice::policy

#endif  // POLICY_SERVER_NAMED_KEYS_H_
