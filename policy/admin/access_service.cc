#include "policy/admin/access_service.h"

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "policy/admin/errors.h"
#include "policy/rules/network.h"
#include "policy/service/grpc_status.h"
#include "proto/protocol_version.h"
#include "proxy/mqtt/topic.h"

namespace sluice::policy {
namespace {

using admin::v1::AccessQuery;

grpc::Status CheckQuery(const AccessQuery& query) {
  FieldViolations violations;
  switch (query.action_case()) {
    case AccessQuery::kPublish:
      if (!mqtt::IsValidTopicName(query.publish())) {
        violations.Add("query.publish", "not a topic name");
      }
      break;
    case AccessQuery::kSubscribe:
      if (!mqtt::IsValidTopicFilter(query.subscribe())) {
        violations.Add("query.subscribe", "not a topic filter");
      }
      break;
    case AccessQuery::ACTION_NOT_SET:
      violations.Add("query.action", "expected one of publish and subscribe");
      break;
  }
  if (query.qos() > 2) violations.Add("query.qos", "expected 0, 1 or 2");
  if (query.subject().empty() && !query.issuer().empty()) {
    violations.Add("query.issuer", "a client without a token has none");
  }
  const std::string& version = query.protocol_version();
  if (!version.empty() && !ParseProtocolVersion(version).has_value()) {
    violations.Add("query.protocol_version", "expected \"3.1.1\" or \"5.0\"");
  }
  if (!query.client_address().empty() &&
      !ToPeer(query.client_address()).has_value()) {
    violations.Add("query.client_address",
                   "expected an IP address, with a port or without");
  }
  return violations.ToStatus();
}

}  // namespace

grpc::ServerUnaryReactor* AccessService::Check(
    grpc::CallbackServerContext* context,
    const admin::v1::CheckAccessRequest* request,
    admin::v1::CheckAccessResponse* response) {
  return Answer(context, request->query(),
                [response](const AccessCall::Response& explained) {
                  response->set_allowed(explained.allowed());
                  response->set_reason(explained.reason());
                  response->set_undecided(explained.undecided());
                });
}

grpc::ServerUnaryReactor* AccessService::Explain(
    grpc::CallbackServerContext* context,
    const admin::v1::ExplainAccessRequest* request,
    admin::v1::ExplainAccessResponse* response) {
  return Answer(context, request->query(),
                [response](AccessCall::Response explained) {
                  *response = std::move(explained);
                });
}

grpc::ServerUnaryReactor* AccessService::Answer(
    grpc::CallbackServerContext* context, const AccessQuery& query,
    std::function<void(AccessCall::Response)> show) {
  grpc::Status may = access_->CheckOperator(*context);
  if (may.ok()) may = CheckQuery(query);
  return context_.pool->React(
      context, may, [this, &query, show = std::move(show)](auto* reactor) {
        AccessCall::Start(context_, query, [reactor, show](auto answer) {
          if (answer.ok()) show(*std::move(answer));
          reactor->Finish(ToGrpcStatus(answer.status()));
        });
      });
}

}  // namespace sluice::policy
