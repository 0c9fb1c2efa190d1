#ifndef PROXY_CONFIG_NAMED_FILE_H_
#define PROXY_CONFIG_NAMED_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "proxy/base/secret_string.h"
#include "proxy/config/locations.h"

namespace sluice::config {

inline constexpr char kRequired[] = "required, and missing or empty";

// Files that fields of a configuration name, relative to it. `path` is the
// field's, `name` what it holds. Failures name both and are for the user.

absl::StatusOr<std::string> ReadNamedFile(const Locations& locations,
                                          const std::string& path,
                                          const std::string& name);

// A secret in text, without the line break with which an editor ends a file;
// not blank.
absl::StatusOr<SecretString> ReadNamedSecret(const Locations& locations,
                                             const std::string& path,
                                             const std::string& name);

}  // namespace sluice::config

#endif  // PROXY_CONFIG_NAMED_FILE_H_
