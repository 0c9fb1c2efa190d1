#include "policy/service/access_control.h"

#include <algorithm>

#include "grpc/grpc_security_constants.h"

namespace sluice::policy {
namespace {

bool IsNamed(const grpc::ServerContextBase& caller,
             const std::vector<std::string>& names) {
  const auto identity = caller.auth_context();
  if (identity == nullptr || !identity->IsPeerAuthenticated()) return false;
  for (const char* kind :
       {GRPC_PEER_DNS_PROPERTY_NAME, GRPC_PEER_URI_PROPERTY_NAME,
        GRPC_X509_CN_PROPERTY_NAME}) {
    for (const grpc::string_ref& name : identity->FindPropertyValues(kind)) {
      if (std::find(names.begin(), names.end(),
                    std::string(name.data(), name.size())) != names.end()) {
        return true;
      }
    }
  }
  return false;
}

grpc::Status Denied(const char* why) {
  return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, why);
}

}  // namespace

void AccessControl::SetRules(AccessRules rules) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::swap(rules_, rules);
}

grpc::Status AccessControl::CheckProxy(
    const grpc::ServerContextBase& caller) const {
  if (reach_ != Reach::kWithCertificate) return grpc::Status::OK;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (rules_.proxies.empty() || IsNamed(caller, rules_.proxies)) {
    return grpc::Status::OK;
  }
  return Denied("access.proxies has none of the certificate's names");
}

grpc::Status AccessControl::CheckOperator(
    const grpc::ServerContextBase& caller) const {
  switch (reach_) {
    case Reach::kThisHost:
      return grpc::Status::OK;
    case Reach::kAnywhere:
      return Denied(
          "managing a service that other hosts can reach takes tls.client_ca "
          "and access.operators");
    case Reach::kWithCertificate:
      break;
  }
  const std::lock_guard<std::mutex> lock(mutex_);
  if (rules_.operators.empty()) {
    return Denied("access.operators names nobody who may manage");
  }
  if (IsNamed(caller, rules_.operators)) return grpc::Status::OK;
  return Denied("access.operators has none of the certificate's names");
}

}  // namespace sluice::policy
