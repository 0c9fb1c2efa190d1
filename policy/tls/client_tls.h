#ifndef POLICY_TLS_CLIENT_TLS_H_
#define POLICY_TLS_CLIENT_TLS_H_

#include <string>

#include "proxy/base/secret_string.h"

namespace sluice::policy {

// PEM texts for TLS to somebody else. Without a CA, the system's; without a
// certificate, none is shown.
struct ClientTls {
  std::string ca;
  std::string certificate;
  SecretString private_key;
};

inline bool operator==(const ClientTls& a, const ClientTls& b) {
  return a.ca == b.ca && a.certificate == b.certificate &&
         a.private_key == b.private_key;
}

}  // namespace sluice::policy

#endif  // POLICY_TLS_CLIENT_TLS_H_
