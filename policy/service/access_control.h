#ifndef POLICY_SERVICE_ACCESS_CONTROL_H_
#define POLICY_SERVICE_ACCESS_CONTROL_H_

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "grpcpp/grpcpp.h"

namespace sluice::policy {

// Who may call what. Names are those of client certificates: a DNS or URI name
// among the alternative names, or the common name; compared byte for byte.
struct AccessRules {
  // Who may call PolicyService; empty: everybody who gets a connection.
  std::vector<std::string> proxies;
  // Who may manage; empty: nobody, where there are certificates.
  std::vector<std::string> operators;
};

inline bool operator==(const AccessRules& a, const AccessRules& b) {
  return a.proxies == b.proxies && a.operators == b.operators;
}

// What of a caller rules go by: the names of its certificate. None without a
// certificate that TLS has verified.
using CallerNames = std::vector<std::string>;
CallerNames NamesOf(const grpc::ServerContextBase& caller);

// Holds callers to AccessRules. Thread-safe.
class AccessControl {
 public:
  // How a service can be reached, which decides who its callers are.
  enum class Reach {
    // Callers have shown a certificate that TLS has verified: the rules count.
    kWithCertificate,
    // Without, but from this host only: whoever is on it may do anything.
    kThisHost,
    // Without, and from elsewhere: nobody may manage, or get secrets.
    kAnywhere,
  };

  AccessControl(Reach reach, AccessRules rules)
      : reach_(reach), rules_(std::move(rules)) {}
  AccessControl(const AccessControl&) = delete;
  AccessControl& operator=(const AccessControl&) = delete;

  // Before the first check.
  void SetReach(Reach reach) { reach_ = reach; }
  // For checks from now on. Calls that last have to be checked again.
  void SetRules(AccessRules rules);
  AccessRules rules() const;

  // PermissionDenied where a certificate has none of the names of the rules, so
  // that whoever shows it may call nothing.
  grpc::Status CheckAnyRole(const CallerNames& caller) const;

  // PermissionDenied, naming the setting that would allow it, where the caller
  // is no proxy, or nobody who may manage.
  grpc::Status CheckProxy(const CallerNames& caller) const;
  // The same for a proxy that asks for what only proxies may know.
  grpc::Status CheckProxyForSecrets(const CallerNames& caller) const;
  grpc::Status CheckOperator(const CallerNames& caller) const;
  grpc::Status CheckProxy(const grpc::ServerContextBase& caller) const {
    return CheckProxy(NamesOf(caller));
  }
  grpc::Status CheckOperator(const grpc::ServerContextBase& caller) const {
    return CheckOperator(NamesOf(caller));
  }

 private:
  Reach reach_;
  mutable std::mutex mutex_;
  AccessRules rules_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_ACCESS_CONTROL_H_
