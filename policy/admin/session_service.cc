#include "policy/admin/session_service.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/admin/errors.h"
#include "policy/admin/resource_name.h"
#include "policy/admin/session_listing.h"
#include "policy/service/grpc_status.h"

namespace sluice::policy {
namespace {

constexpr char kNameRule[] = "expected \"proxies/PROXY/sessions/ID\"";

grpc::Status AboutProxy(absl::string_view proxy, const absl::Status& status) {
  return ToGrpcStatus(absl::Status(
      status.code(), absl::StrCat("proxy ", proxy, ": ", status.message())));
}

}  // namespace

grpc::ServerUnaryReactor* SessionService::ListSessions(
    grpc::CallbackServerContext* context,
    const admin::v1::ListSessionsRequest* request,
    admin::v1::ListSessionsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (grpc::Status s = access_->CheckOperator(*context); !s.ok()) {
    reactor->Finish(s);
    return reactor;
  }
  SessionListing::Start(hub_, answer_timeout_, *request, response, reactor);
  return reactor;
}

grpc::ServerUnaryReactor* SessionService::GetSession(
    grpc::CallbackServerContext* context,
    const admin::v1::GetSessionRequest* request, admin::v1::Session* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (grpc::Status s = access_->CheckOperator(*context); !s.ok()) {
    reactor->Finish(s);
    return reactor;
  }
  FindSession(request->name(), reactor,
              [response, reactor](absl::string_view proxy,
                                  const v1::SessionInfo& info) {
                *response = ShowSession(proxy, info);
                reactor->Finish(grpc::Status::OK);
              });
  return reactor;
}

grpc::ServerUnaryReactor* SessionService::DisconnectSession(
    grpc::CallbackServerContext* context,
    const admin::v1::DisconnectSessionRequest* request,
    google::protobuf::Empty*) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const ChangeCall call(*context, "DisconnectSession", request->name());
  if (grpc::Status s = access_->CheckOperator(*context); !s.ok()) {
    changes_.Record(call, s);
    reactor->Finish(s);
    return reactor;
  }
  FindSession(request->name(), reactor,
              [this, call, reactor](absl::string_view proxy,
                                    const v1::SessionInfo& info) {
                const grpc::Status status =
                    ToGrpcStatus(hub_->Disconnect(proxy, info.session_id()));
                changes_.Record(call, status);
                reactor->Finish(status);
              });
  return reactor;
}

void SessionService::FindSession(const std::string& name,
                                 grpc::ServerUnaryReactor* reactor,
                                 Found then) const {
  const std::optional<SessionName> parts = ReadSessionName(name);
  if (!parts.has_value()) {
    reactor->Finish(FieldError("name", kNameRule));
    return;
  }
  v1::SessionQuery query;
  query.set_session_id(std::string(parts->id));
  query.set_limit(1);
  hub_->ListSessions(
      parts->proxy, std::move(query), answer_timeout_,
      [name, reactor, proxy = std::string(parts->proxy),
       then = std::move(then)](const absl::StatusOr<v1::SessionList>& answer) {
        if (!answer.ok() && !absl::IsNotFound(answer.status())) {
          reactor->Finish(AboutProxy(proxy, answer.status()));
        } else if (!answer.ok() || answer->sessions().empty()) {
          reactor->Finish(NoSuchResource(name));
        } else {
          then(proxy, answer->sessions(0));
        }
      });
}

}  // namespace sluice::policy
