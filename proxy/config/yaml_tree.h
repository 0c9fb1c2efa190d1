#ifndef PROXY_CONFIG_YAML_TREE_H_
#define PROXY_CONFIG_YAML_TREE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/config/locations.h"

namespace sluice::config {

// Bounds of a configuration file.
constexpr size_t kMaxYamlBytes = 1024 * 1024;
constexpr int kMaxYamlDepth = 32;

// One value of a YAML document.
struct YamlNode {
  enum class Kind { kNull, kScalar, kSequence, kMapping };

  Kind kind = Kind::kNull;
  int line = 1;                    // counted from 1
  std::string text;                // kScalar
  bool quoted = false;             // kScalar: '...', "..." or a block
  std::vector<YamlNode> keys;      // kMapping, one for each child
  std::vector<YamlNode> children;  // kSequence and kMapping
};

// Reads the one document of `text`; an empty text is an empty mapping. Refused,
// with the line: a zero byte, broken syntax, a second document, anchors and
// aliases (with which a short file can stand for a huge one), tags, more than
// kMaxYamlBytes, and nesting deeper than kMaxYamlDepth. `locations` only words
// the errors.
absl::StatusOr<YamlNode> ParseYamlTree(absl::string_view text,
                                       const Locations& locations);

}  // namespace sluice::config

#endif  // PROXY_CONFIG_YAML_TREE_H_
