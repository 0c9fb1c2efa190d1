#include "policy/admin/access_case.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proxy/authz/rule.h"
#include "proxy/mqtt/topic.h"

namespace sluice::policy {
namespace {

using admin::v1::AccessQuery;
using authz::Objection;
using authz::Rule;

std::string TextOf(Objection objection, const AccessQuery& query) {
  switch (objection) {
    case Objection::kNone:
      break;
    case Objection::kDeny:
      return "denies it";
    case Objection::kQos:
      return absl::StrCat("allows no QoS ", query.qos());
    case Objection::kRetain:
      return "allows no RETAIN";
    case Objection::kWill:
      return "allows no Will";
    case Objection::kPayloadSize:
      return absl::StrCat("allows no payload of ", query.payload_bytes(),
                          " bytes");
    case Objection::kRate:
      return "allows no more PUBLISH packets a second";
    case Objection::kSubscriptions:
      return "allows no more subscriptions";
  }
  return "";
}

void ObjectByRule(const Rule& rule, absl::string_view detail,
                  AccessCase* access_case) {
  Object(rule.name(), detail,
         absl::StrCat(rule.name(), " to be changed or deleted"), access_case);
}

void AddCondition(const Rule& rule, absl::string_view detail,
                  AccessCase* access_case) {
  auto* condition = access_case->add_conditions();
  condition->set_rule(rule.name());
  condition->set_detail(std::string(detail));
  condition->set_shadow(rule.shadow());
}

// What a rule that says nothing against it asks of it yet.
void AddLimits(const Rule& rule, bool publish, AccessCase* access_case) {
  if (publish && rule.max_publishes_per_second().has_value()) {
    AddCondition(rule,
                 absl::StrCat("at most ", *rule.max_publishes_per_second(),
                              " PUBLISH packets a second"),
                 access_case);
  }
  if (!publish && rule.max_subscriptions().has_value()) {
    AddCondition(
        rule,
        absl::StrCat("at most ", *rule.max_subscriptions(), " subscriptions"),
        access_case);
  }
  if (!publish && rule.max_qos() < 2) {
    AddCondition(rule, absl::StrCat("with QoS ", rule.max_qos(), " at most"),
                 access_case);
  }
}

Objection ObjectionOf(const Rule& rule, const AccessQuery& query) {
  if (query.has_subscribe()) {
    return rule.denies() ? Objection::kDeny : Objection::kNone;
  }
  const authz::MessageFacts facts{static_cast<uint8_t>(query.qos()),
                                  query.retain(),
                                  static_cast<size_t>(query.payload_bytes())};
  return query.will() ? rule.JudgeWill(facts) : rule.JudgePublish(facts);
}

v1::CheckRequest RequestOf(const authz::Grant& grant, const Rule& rule,
                           const AccessQuery& query, absl::string_view topic) {
  v1::CheckRequest request;
  request.set_checker(rule.checker());
  request.set_rule(rule.name());
  request.set_action(query.has_publish() ? v1::CheckRequest::ACTION_PUBLISH
                                         : v1::CheckRequest::ACTION_SUBSCRIBE);
  request.set_topic(std::string(topic));
  request.set_subject(grant.subject());
  request.set_issuer(grant.issuer());
  request.set_token_id(grant.token_id());
  request.set_key_id(grant.key_id());
  return request;
}

const Rule* FindRule(const authz::Grant& grant, absl::string_view name) {
  for (const Rule& rule : grant.rules().rules()) {
    if (rule.name() == name) return &rule;
  }
  return nullptr;
}

}  // namespace

void Object(absl::string_view rule, absl::string_view detail,
            absl::string_view need, AccessCase* access_case) {
  auto* objection = access_case->add_objections();
  objection->set_rule(std::string(rule));
  objection->set_detail(std::string(detail));
  objection->set_need(std::string(need));
}

std::vector<v1::CheckRequest> JudgeAccess(const authz::Grant& grant,
                                          const AccessQuery& query,
                                          AccessCase* access_case) {
  const bool publish = query.has_publish();
  const absl::string_view topic = publish
                                      ? absl::string_view(query.publish())
                                      : mqtt::WithoutShare(query.subscribe());
  access_case->set_granted_by(std::string(
      publish ? grant.PublishRule(topic) : grant.SubscribeRule(topic)));
  if (access_case->granted_by().empty()) {
    const absl::string_view permission = publish ? "pub" : "sub";
    Object("", "outside the scope",
           absl::StrCat("a scope, or a public topic, with \"", permission,
                        "\" on ", topic),
           access_case);
  }
  std::vector<v1::CheckRequest> checks;
  for (const Rule& rule : grant.rules().rules()) {
    if (publish ? !rule.IsAboutPublish(topic)
                : !rule.IsAboutSubscription(topic)) {
      continue;
    }
    const Objection objection = ObjectionOf(rule, query);
    if (objection == Objection::kNone) {
      AddLimits(rule, publish, access_case);
    } else if (rule.shadow()) {
      AddCondition(rule, TextOf(objection, query), access_case);
    } else {
      ObjectByRule(rule, TextOf(objection, query), access_case);
    }
    if (!rule.checker().empty()) {
      checks.push_back(RequestOf(grant, rule, query, topic));
    }
  }
  return checks;
}

void JudgeByCheck(const authz::Grant& grant, const v1::CheckRequest& request,
                  const v1::CheckResponse& answer, AccessCase* access_case) {
  const Rule* const rule = FindRule(grant, request.rule());
  if (rule == nullptr) return;
  const std::string said =
      absl::StrCat("checker ", rule->checker(),
                   answer.allowed() ? " allows it" : " denies it",
                   answer.reason().empty() ? "" : ": ", answer.reason());
  if (answer.allowed() || rule->shadow()) {
    AddCondition(*rule, said, access_case);
  } else {
    Object(rule->name(), said,
           absl::StrCat("checker ", rule->checker(), " to allow it"),
           access_case);
  }
}

}  // namespace sluice::policy
