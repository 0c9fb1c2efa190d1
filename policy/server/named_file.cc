#include "policy/server/named_file.h"

#include "absl/strings/ascii.h"
#include "proxy/base/small_file.h"

namespace sluice::policy {

absl::StatusOr<std::string> ReadNamedFile(const config::Locations& locations,
                                          const std::string& path,
                                          const std::string& name) {
  if (name.empty()) return locations.Error(path, kRequired);
  absl::StatusOr<std::string> contents =
      ReadSmallFile(ResolvePath(locations.file(), name));
  if (!contents.ok()) {
    return locations.Error(path, contents.status().message());
  }
  return contents;
}

absl::StatusOr<std::string> ReadNamedSecret(const config::Locations& locations,
                                            const std::string& path,
                                            const std::string& name) {
  absl::StatusOr<std::string> contents = ReadNamedFile(locations, path, name);
  if (!contents.ok()) return contents;
  absl::StripTrailingAsciiWhitespace(&*contents);
  if (contents->empty()) {
    return locations.Error(path, absl::StrCat(name, ": holds no secret"));
  }
  return contents;
}

absl::StatusOr<std::string> ReadNamedCertificates(
    const config::Locations& locations, const std::string& path,
    const std::string& name, CertificateUse use) {
  absl::StatusOr<std::string> contents = ReadNamedFile(locations, path, name);
  if (!contents.ok()) return contents;
  if (absl::Status s = CheckCertificates(*contents, use); !s.ok()) {
    return locations.Error(path, absl::StrCat(name, ": ", s.message()));
  }
  return contents;
}

absl::StatusOr<SecretString> ReadNamedPrivateKey(
    const config::Locations& locations, const std::string& path,
    const std::string& name, const std::string& certificate) {
  absl::StatusOr<std::string> contents = ReadNamedFile(locations, path, name);
  if (!contents.ok()) return contents.status();
  SecretString key(*std::move(contents));
  if (absl::Status s = CheckPrivateKey(key.str(), certificate); !s.ok()) {
    return locations.Error(path, absl::StrCat(name, ": ", s.message()));
  }
  return key;
}

}  // namespace sluice::policy
