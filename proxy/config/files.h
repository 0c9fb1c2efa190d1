#ifndef PROXY_CONFIG_FILES_H_
#define PROXY_CONFIG_FILES_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::config {

// `path`, which the file `config` names: relative to the directory of `config`.
std::string ResolvePath(absl::string_view config, absl::string_view path);

// Whether the directory that holds, or is to hold, the file at `path` is there.
// The message of a failure names it.
absl::Status CheckDirectoryOf(const std::string& path);

}  // namespace sluice::config

#endif  // PROXY_CONFIG_FILES_H_
