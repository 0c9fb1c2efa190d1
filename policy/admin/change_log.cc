#include "policy/admin/change_log.h"

#include <cstddef>

#include "absl/strings/str_join.h"
#include "policy/service/access_control.h"

namespace sluice::policy {
namespace {

// Whoever may not write may send anything for a name.
constexpr size_t kMaxBytes = 512;

const char* NameOf(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
      return "OK";
    case grpc::StatusCode::PERMISSION_DENIED:
      return "PERMISSION_DENIED";
    default:
      return "UNAVAILABLE";
  }
}

}  // namespace

ChangeCall::ChangeCall(const grpc::CallbackServerContext& context,
                       const char* method, absl::string_view resource)
    : caller(absl::StrJoin(NamesOf(context), " ").substr(0, kMaxBytes)),
      peer(context.peer()),
      method(method),
      resource(resource.substr(0, kMaxBytes)) {}

void ChangeLog::Record(const ChangeCall& call,
                       const grpc::Status& status) const {
  if (log_ == nullptr) return;
  const bool refused =
      status.error_code() == grpc::StatusCode::PERMISSION_DENIED;
  if (!refused && !status.ok() &&
      status.error_code() != grpc::StatusCode::UNAVAILABLE) {
    return;
  }
  log_->Log(refused ? LogLevel::kWarning : LogLevel::kInfo,
            refused ? "policy_change_refused" : "policy_changed",
            {{"caller", call.caller},
             {"peer", call.peer},
             {"method", call.method},
             {"resource", call.resource},
             {"status", NameOf(status.error_code())}});
}

}  // namespace sluice::policy
