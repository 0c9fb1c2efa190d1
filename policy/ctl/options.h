#ifndef POLICY_CTL_OPTIONS_H_
#define POLICY_CTL_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sluice::ctl {

// An option of a command.
struct OptionSpec {
  // Without the dashes.
  absl::string_view name;
  // What the help calls the value. Empty: the option takes none. That of a
  // "FILE" may be any bytes, any other is UTF-8.
  absl::string_view value;
  bool required = false;
  absl::string_view help;
  bool repeatable = false;
};

// An argument of a command that has no name: what it is about, in UTF-8. The
// required ones come first.
struct ArgumentSpec {
  // What the help calls it: "SUBJECT".
  absl::string_view name;
  bool required = true;
  absl::string_view help;
};

// The options and arguments that a command was called with.
class Options {
 public:
  // Reads `--name value`, `--name=value` and, in any order with them,
  // arguments. A value in the first form, and an argument, do not begin with
  // "--"; all that follows a lone "--" is an argument whatever it begins with.
  // InvalidArgument, in one line, for an option that `specs` do not have, one
  // that occurs twice and is not repeatable, one that lacks its value or has
  // one that it does not take, a value or an argument that is not UTF-8, or is
  // empty, which a script's variable may have left and which would count as
  // none, a required option or argument that is missing, and an argument that
  // is not expected.
  static absl::StatusOr<Options> Parse(
      absl::Span<const OptionSpec> specs,
      absl::Span<const ArgumentSpec> argument_specs,
      absl::Span<const absl::string_view> arguments);

  // Whether `--name` was given.
  bool Has(absl::string_view name) const { return values_.contains(name); }

  // The first value of `--name`; nullopt where it was not given.
  std::optional<std::string> Find(absl::string_view name) const;

  // All of them, in their order.
  std::vector<std::string> FindAll(absl::string_view name) const;

  // The value of a required option.
  std::string Get(absl::string_view name) const;

  // In the order of their specifications; optional ones may be missing.
  const std::vector<std::string>& arguments() const { return arguments_; }

 private:
  absl::flat_hash_map<std::string, std::vector<std::string>> values_;
  std::vector<std::string> arguments_;
};

// The value of `--name`, digits only; nullopt where it was not given.
// InvalidArgument for anything else, and for more than `max`.
absl::StatusOr<std::optional<uint64_t>> ReadNumber(const Options& options,
                                                   absl::string_view name,
                                                   uint64_t max);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_OPTIONS_H_
