#include "policy/rules/rule_set.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace sluice::policy {

absl::Status RuleSet::Put(const std::string& id, absl::string_view value) {
  std::shared_ptr<const Rule>& rule = rules_[id];
  rule.reset();
  admin::v1::Rule message;
  if (!message.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return absl::InvalidArgumentError(
        absl::StrCat("rules/", id, ": cannot be read"));
  }
  message.set_name(absl::StrCat("rules/", id));
  absl::StatusOr<Rule> compiled = Rule::Compile(message);
  if (!compiled.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("rules/", id, ": ", compiled.status().message()));
  }
  rule = std::make_shared<const Rule>(*std::move(compiled));
  return absl::OkStatus();
}

void RuleSet::Remove(absl::string_view id) {
  const auto found = rules_.find(id);
  if (found != rules_.end()) rules_.erase(found);
}

absl::Status RuleSet::AddFor(
    const RuleClient& client,
    google::protobuf::RepeatedPtrField<v1::Rule>* out) const {
  size_t bytes = 0;
  for (const auto& [id, rule] : rules_) {
    if (rule == nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("rules/", id,
                       " cannot be read; nothing is granted until it is "
                       "replaced or deleted"));
    }
    if (!rule->Matches(client)) continue;
    *out->Add() = rule->For(client);
    bytes += out->rbegin()->ByteSizeLong();
    if (bytes > kMaxFilledInRuleBytes) {
      return absl::ResourceExhaustedError(
          "the rules for this client are too large");
    }
  }
  return absl::OkStatus();
}

}  // namespace sluice::policy
