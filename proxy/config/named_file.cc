#include "proxy/config/named_file.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "proxy/base/small_file.h"
#include "proxy/config/files.h"

namespace sluice::config {

absl::StatusOr<std::string> ReadNamedFile(const Locations& locations,
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

absl::StatusOr<SecretString> ReadNamedSecret(const Locations& locations,
                                             const std::string& path,
                                             const std::string& name) {
  absl::StatusOr<std::string> contents = ReadNamedFile(locations, path, name);
  if (!contents.ok()) return contents.status();
  const SecretString text(*std::move(contents));
  absl::string_view line = text.str();
  if (absl::ConsumeSuffix(&line, "\n")) absl::ConsumeSuffix(&line, "\r");
  if (absl::StripAsciiWhitespace(line).empty()) {
    return locations.Error(path, absl::StrCat(name, ": holds no secret"));
  }
  return SecretString(line);
}

}  // namespace sluice::config
