#ifndef POLICY_CTL_OPTIONS_H_
#define POLICY_CTL_OPTIONS_H_

#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sluice::ctl {

// An option of a command; every one takes a value.
struct OptionSpec {
  // Without the dashes.
  absl::string_view name;
  // What the help calls the value: "FILE".
  absl::string_view value;
  bool required = false;
  absl::string_view help;
};

// The options that a command was called with.
class Options {
 public:
  // Reads `--name value` and `--name=value`. A value in the first form does not
  // begin with "--". InvalidArgument, in one line, for an option that `specs`
  // do not have, one that occurs twice or lacks its value, a required one that
  // is missing, and anything that is not an option.
  static absl::StatusOr<Options> Parse(
      absl::Span<const OptionSpec> specs,
      absl::Span<const absl::string_view> arguments);

  // The value of `--name`; nullopt where it was not given.
  std::optional<std::string> Find(absl::string_view name) const;

  // The value of a required option.
  std::string Get(absl::string_view name) const;

 private:
  absl::flat_hash_map<std::string, std::string> values_;
};

}  // namespace sluice::ctl

#endif  // POLICY_CTL_OPTIONS_H_
