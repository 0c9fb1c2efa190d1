#include "policy/rules/rule.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "policy/rules/rule_check.h"
#include "proto/protocol_version.h"

namespace sluice::policy {

absl::StatusOr<Rule> Rule::Compile(const admin::v1::Rule& rule) {
  const std::vector<RuleProblem> problems = CheckRule(rule);
  if (problems.empty()) return Rule(rule);
  const RuleProblem& first = problems[0];
  return absl::InvalidArgumentError(absl::StrCat(
      first.field, first.field.empty() ? "" : ": ", first.description));
}

Rule::Rule(const admin::v1::Rule& rule)
    : rule_(rule),
      subjects_(ReadPatterns(rule.match().subjects())),
      client_ids_(ReadPatterns(rule.match().client_ids())) {
  for (const std::string& network : rule.match().client_addresses()) {
    networks_.push_back(*Network::Parse(network));
  }
  for (const std::string& filter : rule.topic_filters()) {
    topics_.push_back(*TopicTemplate::Parse(filter));
  }
  for (const std::string& filter : rule.except_topic_filters()) {
    except_.push_back(*TopicTemplate::Parse(filter));
  }
  const auto has_variables = [](const TopicTemplate& topic) {
    return topic.has_variables();
  };
  if (absl::c_none_of(topics_, has_variables) &&
      absl::c_none_of(except_, has_variables)) {
    for_everybody_ = FillIn({});
  }
}

std::vector<Rule::Pattern> Rule::ReadPatterns(
    const google::protobuf::RepeatedPtrField<std::string>& texts) {
  std::vector<Pattern> patterns;
  for (absl::string_view text : texts) {
    const bool is_prefix = absl::ConsumeSuffix(&text, "*");
    patterns.push_back({std::string(text), is_prefix});
  }
  return patterns;
}

bool Rule::AnyFits(const std::vector<Pattern>& patterns,
                   absl::string_view value) {
  return absl::c_any_of(patterns, [value](const Pattern& pattern) {
    return pattern.is_prefix ? absl::StartsWith(value, pattern.text)
                             : value == pattern.text;
  });
}

bool Rule::Matches(const RuleClient& client) const {
  const admin::v1::Rule::Match& match = rule_.match();
  const bool has_token = !client.issuer.empty();
  switch (match.clients()) {
    case admin::v1::Rule::CLIENTS_WITH_TOKEN:
      if (!has_token) return false;
      break;
    case admin::v1::Rule::CLIENTS_ANONYMOUS:
      if (has_token) return false;
      break;
    default:
      break;
  }
  const auto has = [](const auto& list, absl::string_view value) {
    return list.empty() || absl::c_linear_search(list, value);
  };
  if (!has(match.issuers(), client.issuer) ||
      !has(match.listeners(), client.connection.listener())) {
    return false;
  }
  if (!subjects_.empty() &&
      !(has_token && AnyFits(subjects_, client.subject))) {
    return false;
  }
  if (!client_ids_.empty() &&
      !AnyFits(client_ids_, client.connection.client_id())) {
    return false;
  }
  return MatchesAddress(client.connection.client_address()) &&
         MatchesVersion(client.connection.protocol_version());
}

bool Rule::MatchesAddress(absl::string_view peer) const {
  if (networks_.empty()) return true;
  const std::optional<IpAddress> address = ParseIpAddressOfPeer(peer);
  return !address.has_value() ||
         absl::c_any_of(networks_, [&address](const Network& network) {
           return network.Contains(*address);
         });
}

bool Rule::MatchesVersion(v1::ProtocolVersion version) const {
  const auto& versions = rule_.match().protocol_versions();
  return versions.empty() ||
         absl::c_linear_search(versions, ProtocolVersionName(version));
}

std::string Rule::FillIn(const TopicVariables& variables) const {
  v1::Rule rule;
  rule.set_name(rule_.name());
  rule.set_shadow(rule_.mode() == admin::v1::Rule::MODE_SHADOW);
  rule.set_publish(rule_.publish());
  rule.set_subscribe(rule_.subscribe());
  for (const TopicTemplate& topic : topics_) {
    for (std::string& filter : topic.FillIn(variables)) {
      rule.add_topic_filters(std::move(filter));
    }
  }
  for (const TopicTemplate& topic : except_) {
    std::string filter;
    if (topic.FillInExactly(variables, &filter)) {
      rule.add_except_topic_filters(std::move(filter));
    }
  }
  switch (rule_.effect_case()) {
    case admin::v1::Rule::kDeny:
      *rule.mutable_deny() = rule_.deny();
      break;
    case admin::v1::Rule::kLimits:
      *rule.mutable_limits() = rule_.limits();
      break;
    case admin::v1::Rule::kExternalCheck:
      *rule.mutable_external_check() = rule_.external_check();
      break;
    case admin::v1::Rule::EFFECT_NOT_SET:
      break;
  }
  return rule.SerializeAsString();
}

}  // namespace sluice::policy
