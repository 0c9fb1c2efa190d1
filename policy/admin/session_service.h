#ifndef POLICY_ADMIN_SESSION_SERVICE_H_
#define POLICY_ADMIN_SESSION_SERVICE_H_

#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/admin/change_log.h"
#include "policy/service/access_control.h"
#include "policy/service/watch_hub.h"
#include "proto/sluice/admin/v1/session.grpc.pb.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/base/log.h"

namespace sluice::policy {

// SessionService over gRPC: asks the proxies that watch. A proxy that goes away
// meanwhile has no sessions. A listing names those that do not answer, and goes
// on without them. Thread-safe.
class SessionService final : public admin::v1::SessionService::CallbackService {
 public:
  // `hub` and `access` outlive this. Where there is a `log`, it tells of each
  // end of a session. A proxy has `answer_timeout` to answer.
  SessionService(WatchHub* hub, const AccessControl* access,
                 Logger* log = nullptr,
                 absl::Duration answer_timeout = absl::Seconds(5))
      : hub_(hub),
        access_(access),
        answer_timeout_(answer_timeout),
        changes_(log) {}

  grpc::ServerUnaryReactor* ListSessions(
      grpc::CallbackServerContext* context,
      const admin::v1::ListSessionsRequest* request,
      admin::v1::ListSessionsResponse* response) override;
  grpc::ServerUnaryReactor* GetSession(
      grpc::CallbackServerContext* context,
      const admin::v1::GetSessionRequest* request,
      admin::v1::Session* response) override;
  grpc::ServerUnaryReactor* DisconnectSession(
      grpc::CallbackServerContext* context,
      const admin::v1::DisconnectSessionRequest* request,
      google::protobuf::Empty* response) override;

 private:
  // Is told of a session, and of which proxy it is.
  using Found =
      std::function<void(absl::string_view proxy, const v1::SessionInfo& info)>;

  // Finds the session of that name, and calls `then` with it or finishes the
  // call.
  void FindSession(const std::string& name, grpc::ServerUnaryReactor* reactor,
                   Found then) const;

  WatchHub* const hub_;
  const AccessControl* const access_;
  const absl::Duration answer_timeout_;
  const ChangeLog changes_;
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_SESSION_SERVICE_H_
