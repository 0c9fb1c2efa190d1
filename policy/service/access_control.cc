#include "policy/service/access_control.h"

#include <algorithm>

#include "grpc/grpc_security_constants.h"

namespace sluice::policy {
namespace {

bool IsNamed(const CallerNames& caller, const std::vector<std::string>& names) {
  return std::find_first_of(caller.begin(), caller.end(), names.begin(),
                            names.end()) != caller.end();
}

grpc::Status Denied(const char* why) {
  return grpc::Status(grpc::StatusCode::PERMISSION_DENIED, why);
}

}  // namespace

CallerNames NamesOf(const grpc::ServerContextBase& caller) {
  CallerNames names;
  const auto identity = caller.auth_context();
  if (identity == nullptr || !identity->IsPeerAuthenticated()) return names;
  for (const char* kind :
       {GRPC_PEER_DNS_PROPERTY_NAME, GRPC_PEER_URI_PROPERTY_NAME,
        GRPC_X509_CN_PROPERTY_NAME}) {
    for (const grpc::string_ref& name : identity->FindPropertyValues(kind)) {
      names.emplace_back(name.data(), name.size());
    }
  }
  return names;
}

void AccessControl::SetRules(AccessRules rules) {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::swap(rules_, rules);
}

AccessRules AccessControl::rules() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return rules_;
}

grpc::Status AccessControl::CheckAnyRole(const CallerNames& caller) const {
  if (CheckProxy(caller).ok() || CheckOperator(caller).ok()) {
    return grpc::Status::OK;
  }
  return Denied("access has none of the certificate's names");
}

grpc::Status AccessControl::CheckProxy(const CallerNames& caller) const {
  if (reach_ != Reach::kWithCertificate) return grpc::Status::OK;
  const std::lock_guard<std::mutex> lock(mutex_);
  if (rules_.proxies.empty() || IsNamed(caller, rules_.proxies)) {
    return grpc::Status::OK;
  }
  return Denied("access.proxies has none of the certificate's names");
}

grpc::Status AccessControl::CheckProxyForSecrets(
    const CallerNames& caller) const {
  if (reach_ == Reach::kAnywhere) {
    return Denied(
        "a service that other hosts can reach hands out keys only with "
        "tls.client_ca");
  }
  return CheckProxy(caller);
}

grpc::Status AccessControl::CheckOperator(const CallerNames& caller) const {
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
