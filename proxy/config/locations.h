#ifndef PROXY_CONFIG_LOCATIONS_H_
#define PROXY_CONFIG_LOCATIONS_H_

#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace sluice::config {

// Where the fields of a configuration stand in its file. A field is named by
// its path, like "listeners[0].tls.certificate"; "" is the whole file.
class Locations {
 public:
  explicit Locations(std::string file) : file_(std::move(file)) {}

  const std::string& file() const { return file_; }

  void Add(absl::string_view path, int line) { lines_[path] = line; }

  // Whether the file says anything about `path`.
  bool Contains(absl::string_view path) const { return lines_.contains(path); }

  // The line of `path`, for a field that the file leaves out the line of the
  // nearest field around it; 1 for the whole file.
  int LineOf(absl::string_view path) const;

  // kInvalidArgument: "FILE:LINE: path: problem". `problem` says what is wrong
  // and what to do about it.
  absl::Status Error(absl::string_view path, absl::string_view problem) const;

  // The same for a place that is known by its line only.
  absl::Status ErrorAtLine(int line, absl::string_view path,
                           absl::string_view problem) const;

 private:
  std::string file_;
  absl::flat_hash_map<std::string, int> lines_;
};

// "parent.name", or "name" where the parent is the whole file.
std::string FieldPath(absl::string_view parent, absl::string_view name);

// "list[index]".
std::string ElementPath(absl::string_view list, int index);

}  // namespace sluice::config

#endif  // PROXY_CONFIG_LOCATIONS_H_
