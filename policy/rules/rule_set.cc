#include "policy/rules/rule_set.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/sluice/admin/v1/rule.pb.h"

namespace sluice::policy {
namespace {

absl::StatusOr<Rule> Read(const std::string& name, absl::string_view value) {
  admin::v1::Rule message;
  if (!message.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
    return absl::InvalidArgumentError("damaged");
  }
  message.set_name(name);
  return Rule::Compile(message);
}

}  // namespace

absl::Status RuleSet::Put(const std::string& id, absl::string_view value) {
  const std::string name = absl::StrCat("rules/", id);
  absl::StatusOr<Rule> rule = Read(name, value);
  if (!rule.ok()) {
    rule = absl::FailedPreconditionError(
        absl::StrCat(name,
                     " cannot be read, and nothing is granted until it is "
                     "replaced or deleted: ",
                     rule.status().message()));
  }
  absl::Status status = rule.status();
  rules_[id] = std::make_shared<const Entry>(std::move(rule));
  return status;
}

void RuleSet::Remove(absl::string_view id) {
  const auto found = rules_.find(id);
  if (found != rules_.end()) rules_.erase(found);
}

absl::Status RuleSet::AddFor(
    const RuleClient& client,
    google::protobuf::RepeatedPtrField<std::string>* out) const {
  size_t bytes = 0;
  for (const auto& [id, rule] : rules_) {
    if (!rule->ok()) return rule->status();
    if (!(*rule)->Matches(client)) continue;
    *out->Add() = (*rule)->For(client);
    bytes += out->rbegin()->size();
    if (bytes > kMaxFilledInRuleBytes) {
      return absl::ResourceExhaustedError(
          "the rules for this client are too large");
    }
  }
  return absl::OkStatus();
}

}  // namespace sluice::policy
