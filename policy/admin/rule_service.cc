#include "policy/admin/rule_service.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/admin/errors.h"
#include "policy/admin/etag.h"
#include "policy/admin/field_mask.h"
#include "policy/admin/resource_name.h"
#include "policy/rules/rule_check.h"
#include "policy/rules/rule_set.h"

namespace sluice::policy {
namespace {

grpc::Status Check(const admin::v1::Rule& rule) {
  FieldViolations violations;
  for (const RuleProblem& problem : CheckRule(rule)) {
    violations.Add(
        problem.field.empty() ? "rule" : absl::StrCat("rule.", problem.field),
        problem.description);
  }
  return violations.ToStatus();
}

}  // namespace

// One that cannot be read is shown without what it says.
admin::v1::Rule RuleService::Show(const Resource& resource) const {
  admin::v1::Rule rule;
  if (!rule.ParseFromString(resource.value)) {
    rule.Clear();
  } else if (rule.mode() == admin::v1::Rule::MODE_UNSPECIFIED) {
    rule.set_mode(admin::v1::Rule::MODE_ENFORCE);
  }
  rule.set_name(rules_.NameOf(resource.id));
  rule.set_etag(EtagOf(resource));
  return rule;
}

grpc::ServerUnaryReactor* RuleService::PutRule(
    grpc::CallbackServerContext* context,
    const admin::v1::PutRuleRequest* request, admin::v1::Rule* response) {
  return rules_.Write(
      context, "PutRule", request->rule().name(),
      [=](int64_t* revision) { return Put(*request, response, revision); });
}

grpc::Status RuleService::Put(const admin::v1::PutRuleRequest& request,
                              admin::v1::Rule* response, int64_t* revision) {
  const std::optional<absl::string_view> id =
      IdOf(request.rule().name(), kRules);
  if (!id.has_value()) {
    return FieldError("rule.name",
                      absl::StrCat("expected \"rules/ID\", ID: ", kIdRule));
  }
  admin::v1::Rule rule = request.rule();
  std::optional<int64_t> expected = ExpectedRevision(rule.etag());
  if (request.has_update_mask() && IsPartial(request.update_mask())) {
    grpc::Status status = ApplyMask(request, *id, &rule, &expected);
    if (!status.ok()) return status;
  }
  if (grpc::Status s = Check(rule); !s.ok()) return s;
  if (grpc::Status s = CheckChecker(rule); !s.ok()) return s;
  Resource resource;
  resource.id = std::string(*id);
  rule.clear_name();
  rule.clear_etag();
  resource.value = rule.SerializeAsString();
  grpc::Status status = rules_.CheckRoom(resource, kMaxRules, kMaxRuleBytes);
  if (status.ok()) status = rules_.Put(expected, &resource);
  if (!status.ok()) return status;
  *response = Show(resource);
  *revision = resource.revision;
  return grpc::Status::OK;
}

grpc::Status RuleService::ApplyMask(const admin::v1::PutRuleRequest& request,
                                    absl::string_view id, admin::v1::Rule* rule,
                                    std::optional<int64_t>* expected) {
  grpc::Status status =
      CheckFieldMask(request.update_mask(), *admin::v1::Rule::GetDescriptor(),
                     {"name", "etag"});
  Resource resource;
  if (status.ok()) status = rules_.GetForUpdate(id, expected, &resource);
  if (!status.ok()) return status;
  *rule = Show(resource);
  if (grpc::Status s = Check(*rule); !s.ok()) {
    return CannotBeMerged(rule->name(), s.error_message());
  }
  MergeFields(request.update_mask(), request.rule(), rule);
  return grpc::Status::OK;
}

grpc::Status RuleService::CheckChecker(const admin::v1::Rule& rule) const {
  if (!rule.has_external_check() ||
      checkers_.Has(rule.external_check().checker())) {
    return grpc::Status::OK;
  }
  return FieldError("rule.external_check.checker",
                    absl::StrCat("this service has no checker \"",
                                 rule.external_check().checker(),
                                 "\": see `checkers` in its configuration"));
}

grpc::ServerUnaryReactor* RuleService::GetRule(
    grpc::CallbackServerContext* context,
    const admin::v1::GetRuleRequest* request, admin::v1::Rule* response) {
  return rules_.GetNamed(context, request->name(),
                         [=](const Resource& rule) { *response = Show(rule); });
}

grpc::ServerUnaryReactor* RuleService::ListRules(
    grpc::CallbackServerContext* context,
    const admin::v1::ListRulesRequest* request,
    admin::v1::ListRulesResponse* response) {
  return rules_.ListPage(
      context, request->page_size(), request->page_token(),
      [=](const Resource& rule) { *response->add_rules() = Show(rule); },
      response->mutable_next_page_token());
}

grpc::ServerUnaryReactor* RuleService::DeleteRule(
    grpc::CallbackServerContext* context,
    const admin::v1::DeleteRuleRequest* request, google::protobuf::Empty*) {
  return rules_.DeleteNamed(context, "DeleteRule", request->name(),
                            request->etag());
}

}  // namespace sluice::policy
