#include "policy/ctl/options.h"

#include <algorithm>
#include <cstddef>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proxy/base/utf8.h"

namespace sluice::ctl {

namespace {

// That all is there that is required.
absl::Status CheckComplete(absl::Span<const OptionSpec> specs,
                           absl::Span<const ArgumentSpec> argument_specs,
                           const Options& options) {
  for (const OptionSpec& spec : specs) {
    if (spec.required && !options.Find(spec.name).has_value()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", spec.name, " is missing"));
    }
  }
  const size_t given = options.arguments().size();
  if (given < argument_specs.size() && argument_specs[given].required) {
    return absl::InvalidArgumentError(
        absl::StrCat(argument_specs[given].name, " is missing"));
  }
  return absl::OkStatus();
}

absl::Status CheckValue(const OptionSpec& spec, absl::string_view value) {
  if (value.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", spec.name, " has an empty value"));
  }
  if (spec.value != "FILE" && !IsUtf8(value)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", spec.name, " is not UTF-8"));
  }
  return absl::OkStatus();
}

absl::Status CheckArgument(const ArgumentSpec& spec, absl::string_view value) {
  if (value.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(spec.name, " is empty"));
  }
  if (!IsUtf8(value)) {
    return absl::InvalidArgumentError(absl::StrCat(spec.name, " is not UTF-8"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Options> Options::Parse(
    absl::Span<const OptionSpec> specs,
    absl::Span<const ArgumentSpec> argument_specs,
    absl::Span<const absl::string_view> arguments) {
  Options options;
  bool only_arguments = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view name = arguments[i];
    if (only_arguments || !absl::ConsumePrefix(&name, "--")) {
      const size_t position = options.arguments_.size();
      if (position == argument_specs.size()) {
        return absl::InvalidArgumentError(
            absl::StrCat("unexpected argument \"", arguments[i], "\""));
      }
      absl::Status checked =
          CheckArgument(argument_specs[position], arguments[i]);
      if (!checked.ok()) return checked;
      options.arguments_.emplace_back(arguments[i]);
      continue;
    }
    if (name.empty() && !argument_specs.empty()) {
      only_arguments = true;
      continue;
    }
    std::optional<absl::string_view> value;
    if (const size_t equals = name.find('='); equals != name.npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const auto is_named = [name](const OptionSpec& spec) {
      return spec.name == name;
    };
    const auto spec = std::find_if(specs.begin(), specs.end(), is_named);
    if (spec == specs.end()) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown option --", name));
    }
    if (spec->value.empty()) {
      if (value.has_value()) {
        return absl::InvalidArgumentError(
            absl::StrCat("--", name, " takes no value"));
      }
      value = "";
    }
    if (!value.has_value()) {
      if (i + 1 == arguments.size() ||
          absl::StartsWith(arguments[i + 1], "--")) {
        return absl::InvalidArgumentError(
            absl::StrCat("--", name, " needs a value"));
      }
      value = arguments[++i];
    }
    if (!spec->value.empty()) {
      if (absl::Status s = CheckValue(*spec, *value); !s.ok()) return s;
    }
    std::vector<std::string>& values = options.values_[name];
    values.emplace_back(*value);
    if (values.size() > 1 && !spec->repeatable) {
      return absl::InvalidArgumentError(
          absl::StrCat("--", name, " is given twice"));
    }
  }
  if (absl::Status s = CheckComplete(specs, argument_specs, options); !s.ok()) {
    return s;
  }
  return options;
}

std::optional<std::string> Options::Find(absl::string_view name) const {
  const auto option = values_.find(name);
  if (option == values_.end()) return std::nullopt;
  return option->second.front();
}

std::vector<std::string> Options::FindAll(absl::string_view name) const {
  const auto option = values_.find(name);
  if (option == values_.end()) return {};
  return option->second;
}

std::string Options::Get(absl::string_view name) const {
  return Find(name).value_or("");
}

absl::StatusOr<std::optional<uint64_t>> ReadNumber(const Options& options,
                                                   absl::string_view name,
                                                   uint64_t max) {
  const std::optional<std::string> text = options.Find(name);
  if (!text.has_value()) return std::nullopt;
  uint64_t number;
  if (!absl::c_all_of(*text, absl::ascii_isdigit) ||
      !absl::SimpleAtoi(*text, &number) || number > max) {
    return absl::InvalidArgumentError(
        absl::StrCat("--", name, " is no number from 0 to ", max));
  }
  return number;
}

}  // namespace sluice::ctl
