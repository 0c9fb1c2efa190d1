#include "policy/ctl/rule_options.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_ptr_field.h"

namespace sluice::ctl {
namespace {

using admin::v1::Rule;
using Strings = google::protobuf::RepeatedPtrField<std::string>;

void AddAll(const Options& options, absl::string_view name, Strings* list) {
  for (std::string& value : options.FindAll(name)) {
    list->Add(std::move(value));
  }
}

// Leaves `value` as it is where the option is not given.
template <typename T>
absl::Status ReadLimit(const Options& options, absl::string_view name,
                       std::optional<T>* value) {
  const auto number = ReadNumber(options, name, std::numeric_limits<T>::max());
  if (!number.ok()) return number.status();
  if (number->has_value()) *value = static_cast<T>(**number);
  return absl::OkStatus();
}

absl::StatusOr<policy::v1::Limits> ReadLimits(const Options& options) {
  std::optional<uint32_t> qos;
  std::optional<uint64_t> payload;
  std::optional<uint32_t> rate;
  std::optional<uint32_t> subscriptions;
  for (const absl::Status& status :
       {ReadLimit(options, "max-qos", &qos),
        ReadLimit(options, "max-payload-bytes", &payload),
        ReadLimit(options, "max-publishes-per-second", &rate),
        ReadLimit(options, "max-subscriptions", &subscriptions)}) {
    if (!status.ok()) return status;
  }
  policy::v1::Limits limits;
  if (qos.has_value()) limits.set_max_qos(*qos);
  if (payload.has_value()) limits.set_max_payload_bytes(*payload);
  if (rate.has_value()) limits.set_max_publishes_per_second(*rate);
  if (subscriptions.has_value()) limits.set_max_subscriptions(*subscriptions);
  limits.set_no_retain(options.Has("no-retain"));
  limits.set_no_will(options.Has("no-will"));
  return limits;
}

absl::Status ReadMatch(const Options& options, Rule* rule) {
  Rule::Match match;
  if (const auto clients = options.Find("clients"); clients == "with_token") {
    match.set_clients(Rule::CLIENTS_WITH_TOKEN);
  } else if (clients == "anonymous") {
    match.set_clients(Rule::CLIENTS_ANONYMOUS);
  } else if (clients.has_value()) {
    return absl::InvalidArgumentError(
        "--clients is neither with_token nor anonymous");
  }
  AddAll(options, "issuer", match.mutable_issuers());
  AddAll(options, "subject", match.mutable_subjects());
  AddAll(options, "client-id", match.mutable_client_ids());
  AddAll(options, "client-address", match.mutable_client_addresses());
  AddAll(options, "protocol-version", match.mutable_protocol_versions());
  AddAll(options, "listener", match.mutable_listeners());
  if (match.ByteSizeLong() > 0) *rule->mutable_match() = match;
  return absl::OkStatus();
}

}  // namespace

std::vector<OptionSpec> RuleOptions() {
  return {
      {"deny", "", false, "nothing of it passes"},
      {"checker", "NAME", false, "it passes when this checker says so"},
      {"max-qos", "QOS", false, "0, 1 or 2"},
      {"no-retain", "", false, "no message to be retained"},
      {"no-will", "", false, "no Will"},
      {"max-payload-bytes", "N", false, "of a message"},
      {"max-publishes-per-second", "N", false, "of a connection"},
      {"max-subscriptions", "N", false, "of a connection"},
      {"publish", "", false, "it is about publishing"},
      {"subscribe", "", false, "it is about subscribing and receiving"},
      {"topic", "FILTER", false, "on these topics; default: all", true},
      {"except", "FILTER", false, "but not on these", true},
      {"clients", "WHICH", false, "with_token or anonymous; default: both"},
      {"issuer", "ISSUER", false, "for tokens of this issuer", true},
      {"subject", "SUBJECT", false, "for this subject; plant-* for many", true},
      {"client-id", "ID", false, "for this Client Identifier; as above", true},
      {"client-address", "NETWORK", false, "for clients from there", true},
      {"protocol-version", "VERSION", false, "3.1.1 or 5.0", true},
      {"listener", "NAME", false, "for clients of this listener", true},
      {"description", "TEXT", false, "for people"},
  };
}

bool HasRuleOptions(const Options& options) {
  return absl::c_any_of(RuleOptions(), [&options](const OptionSpec& option) {
    return options.Has(option.name);
  });
}

absl::StatusOr<Rule> ReadRuleOptions(const Options& options) {
  Rule rule;
  rule.set_description(options.Find("description").value_or(""));
  rule.set_publish(options.Has("publish"));
  rule.set_subscribe(options.Has("subscribe"));
  AddAll(options, "topic", rule.mutable_topic_filters());
  AddAll(options, "except", rule.mutable_except_topic_filters());
  const absl::StatusOr<policy::v1::Limits> limits = ReadLimits(options);
  if (!limits.ok()) return limits.status();
  const bool limited = limits->ByteSizeLong() > 0;
  if (limited + options.Has("deny") + options.Has("checker") != 1) {
    return absl::InvalidArgumentError("give --deny, --checker or some limits");
  }
  if (limited) {
    *rule.mutable_limits() = *limits;
  } else if (options.Has("deny")) {
    rule.mutable_deny();
  } else {
    rule.mutable_external_check()->set_checker(options.Get("checker"));
  }
  if (absl::Status s = ReadMatch(options, &rule); !s.ok()) return s;
  return rule;
}

}  // namespace sluice::ctl
