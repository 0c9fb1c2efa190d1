#include "proxy/config/locations.h"

#include "absl/strings/str_cat.h"

namespace sluice::config {

int Locations::LineOf(absl::string_view path) const {
  while (!path.empty()) {
    const auto found = lines_.find(path);
    if (found != lines_.end()) return found->second;
    const size_t end = path.find_last_of(".[");
    path = path.substr(0, end == absl::string_view::npos ? 0 : end);
  }
  return 1;
}

absl::Status Locations::Error(absl::string_view path,
                              absl::string_view problem) const {
  return ErrorAtLine(LineOf(path), path, problem);
}

absl::Status Locations::ErrorAtLine(int line, absl::string_view path,
                                    absl::string_view problem) const {
  return absl::InvalidArgumentError(absl::StrCat(
      file_, ":", line, ": ", path, path.empty() ? "" : ": ", problem));
}

std::string FieldPath(absl::string_view parent, absl::string_view name) {
  return absl::StrCat(parent, parent.empty() ? "" : ".", name);
}

std::string ElementPath(absl::string_view list, int index) {
  return absl::StrCat(list, "[", index, "]");
}

}  // namespace sluice::config
