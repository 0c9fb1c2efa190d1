#include "policy/admin/rule_service.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/admin/errors.h"
#include "policy/admin/etag.h"
#include "policy/admin/field_mask.h"
#include "policy/admin/page_token.h"
#include "policy/admin/resource_name.h"
#include "policy/rules/rule_check.h"
#include "policy/rules/rule_set.h"

namespace sluice::policy {
namespace {

constexpr char kNameRule[] = "expected \"rules/ID\"";

std::string NameOfId(absl::string_view id) {
  return absl::StrCat(kRules, "/", id);
}

// One that cannot be read is shown without what it says.
admin::v1::Rule FromResource(const Resource& resource) {
  admin::v1::Rule rule;
  if (!rule.ParseFromString(resource.value)) rule.Clear();
  rule.set_name(NameOfId(resource.id));
  rule.set_etag(EtagOf(resource));
  return rule;
}

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

grpc::ServerUnaryReactor* RuleService::PutRule(
    grpc::CallbackServerContext* context,
    const admin::v1::PutRuleRequest* request, admin::v1::Rule* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  int64_t revision = 0;
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = Put(*request, response, &revision);
  if (status.ok()) {
    FinishAt(revision, replica_, reactor);
  } else {
    reactor->Finish(status);
  }
  return reactor;
}

grpc::Status RuleService::Put(const admin::v1::PutRuleRequest& request,
                              admin::v1::Rule* response, int64_t* revision) {
  const std::string& name = request.rule().name();
  const std::optional<absl::string_view> id = IdOf(name, kRules);
  if (!id.has_value()) {
    return FieldError("rule.name", absl::StrCat(kNameRule, ", ID: ", kIdRule));
  }
  admin::v1::Rule rule = request.rule();
  std::optional<int64_t> expected = ExpectedRevision(rule.etag());
  if (request.has_update_mask()) {
    grpc::Status status = ApplyMask(request, *id, &rule, &expected);
    if (!status.ok()) return status;
  }
  if (grpc::Status s = Check(rule); !s.ok()) return s;
  Resource resource;
  resource.collection = kRules;
  resource.id = std::string(*id);
  rule.clear_name();
  rule.clear_etag();
  resource.value = rule.SerializeAsString();
  if (grpc::Status s = CheckRoom(resource); !s.ok()) return s;
  const absl::StatusOr<Resource> written =
      store_->Put(std::move(resource), expected, clock_());
  if (!written.ok()) return StoreError(written.status(), name);
  *response = FromResource(*written);
  *revision = written->revision;
  return grpc::Status::OK;
}

grpc::Status RuleService::ApplyMask(const admin::v1::PutRuleRequest& request,
                                    absl::string_view id, admin::v1::Rule* rule,
                                    std::optional<int64_t>* expected) {
  grpc::Status status =
      CheckFieldMask(request.update_mask(), *admin::v1::Rule::GetDescriptor(),
                     {"name", "etag"});
  if (!status.ok()) return status;
  std::optional<int64_t> revision;
  status = Get(NameOfId(id), rule, &revision);
  if (!status.ok()) return status;
  // What has been read is what is changed, or nothing is.
  if (expected->has_value() && *expected != revision) {
    return StoreError(absl::AbortedError(""), rule->name());
  }
  if (grpc::Status s = Check(*rule); !s.ok()) {
    return grpc::Status(grpc::StatusCode::FAILED_PRECONDITION,
                        absl::StrCat(rule->name(),
                                     " cannot be read, so that it has to be "
                                     "written whole: ",
                                     s.error_message()));
  }
  *expected = revision;
  MergeFields(request.update_mask(), request.rule(), rule);
  return grpc::Status::OK;
}

grpc::Status RuleService::CheckRoom(const Resource& resource) {
  const absl::StatusOr<std::vector<Resource>> rules =
      store_->List(kRules, "", kMaxRules + 1, clock_());
  if (!rules.ok()) return StoreError(rules.status(), NameOfId(resource.id));
  size_t count = 1;
  size_t bytes = resource.value.size();
  for (const Resource& rule : *rules) {
    if (rule.id == resource.id) continue;
    ++count;
    bytes += rule.value.size();
  }
  if (count <= kMaxRules && bytes <= kMaxRuleBytes) return grpc::Status::OK;
  return grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED,
                      absl::StrCat("there may be ", kMaxRules, " rules, of ",
                                   kMaxRuleBytes, " bytes together"));
}

grpc::ServerUnaryReactor* RuleService::GetRule(
    grpc::CallbackServerContext* context,
    const admin::v1::GetRuleRequest* request, admin::v1::Rule* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Status status = access_->CheckOperator(*context);
  std::optional<int64_t> revision;
  if (status.ok()) status = Get(request->name(), response, &revision);
  reactor->Finish(status);
  return reactor;
}

grpc::Status RuleService::Get(const std::string& name,
                              admin::v1::Rule* response,
                              std::optional<int64_t>* revision) {
  const std::optional<absl::string_view> id = IdOf(name, kRules);
  if (!id.has_value()) return FieldError("name", kNameRule);
  const absl::StatusOr<std::optional<Resource>> found =
      store_->Get(kRules, *id, clock_());
  if (!found.ok()) return StoreError(found.status(), name);
  if (!found->has_value()) return NoSuchResource(name);
  *response = FromResource(**found);
  *revision = (*found)->revision;
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* RuleService::ListRules(
    grpc::CallbackServerContext* context,
    const admin::v1::ListRulesRequest* request,
    admin::v1::ListRulesResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok()) status = List(*request, response);
  reactor->Finish(status);
  return reactor;
}

grpc::Status RuleService::List(const admin::v1::ListRulesRequest& request,
                               admin::v1::ListRulesResponse* response) {
  if (request.page_size() < 0) return FieldError("page_size", "negative");
  const std::optional<std::string> after =
      ReadPageToken(kRules, request.page_token());
  if (!after.has_value()) {
    return FieldError("page_token", "not of this listing");
  }
  const size_t size = PageSize(request.page_size());
  const absl::StatusOr<std::vector<Resource>> rules =
      store_->List(kRules, *after, size + 1, clock_());
  if (!rules.ok()) return StoreError(rules.status(), kRules);
  for (const Resource& rule : *rules) {
    if (static_cast<size_t>(response->rules_size()) == size) {
      response->set_next_page_token(
          MakePageToken(kRules, (*rules)[size - 1].id));
      break;
    }
    *response->add_rules() = FromResource(rule);
  }
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* RuleService::DeleteRule(
    grpc::CallbackServerContext* context,
    const admin::v1::DeleteRuleRequest* request, google::protobuf::Empty*) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const std::optional<absl::string_view> id = IdOf(request->name(), kRules);
  grpc::Status status = access_->CheckOperator(*context);
  if (status.ok() && !id.has_value()) status = FieldError("name", kNameRule);
  if (!status.ok()) {
    reactor->Finish(status);
    return reactor;
  }
  const absl::StatusOr<int64_t> deleted =
      store_->Delete(kRules, *id, ExpectedRevision(request->etag()), clock_());
  if (deleted.ok()) {
    FinishAt(*deleted, replica_, reactor);
  } else {
    reactor->Finish(StoreError(deleted.status(), request->name()));
  }
  return reactor;
}

}  // namespace sluice::policy
