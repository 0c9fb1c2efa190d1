#include "policy/ctl/rule_file.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "policy/ctl/files.h"
#include "proxy/config/locations.h"
#include "proxy/config/yaml_message.h"

namespace sluice::ctl {
namespace {

using admin::v1::Rule;

// JSON in protobuf's mapping. What is none may still be YAML, whose reader says
// in which line what is wrong.
bool ReadJson(const std::string& text, Rule* rule) {
  return absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "{") &&
         google::protobuf::util::JsonStringToMessage(text, rule).ok();
}

}  // namespace

absl::StatusOr<Rule> ReadRuleFile(const std::string& path,
                                  const std::string& name) {
  const absl::StatusOr<std::string> text = ReadTextFile(path);
  if (!text.ok()) return text.status();
  config::Locations locations(path);
  Rule rule;
  if (!ReadJson(*text, &rule)) {
    rule.Clear();
    absl::StatusOr<config::Locations> read =
        config::ParseYaml(*text, path, &rule);
    // The file is wrong, and not the command line.
    if (!read.ok())
      return absl::FailedPreconditionError(read.status().message());
    locations = *std::move(read);
  }
  if (!rule.name().empty() && rule.name() != name) {
    return absl::FailedPreconditionError(
        locations
            .Error("name", absl::StrCat("is not ", name,
                                        ", as the command line has it"))
            .message());
  }
  rule.set_name(name);
  return rule;
}

}  // namespace sluice::ctl
