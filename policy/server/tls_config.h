#ifndef POLICY_SERVER_TLS_CONFIG_H_
#define POLICY_SERVER_TLS_CONFIG_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "proxy/base/secret_string.h"

namespace sluice::policy {

// Where TLS of the service comes from.
struct TlsFiles {
  std::string certificate;
  std::string private_key;
  std::string client_ca;  // empty: clients need no certificate

  // All that there are.
  std::vector<std::string> Paths() const;
};

inline bool operator==(const TlsFiles& a, const TlsFiles& b) {
  return a.certificate == b.certificate && a.private_key == b.private_key &&
         a.client_ca == b.client_ca;
}

// TLS of the service: PEM texts, checked.
struct TlsConfig {
  std::string certificate;
  SecretString private_key;
  // Not empty: clients must show a certificate that one of these issued.
  std::string client_ca;
};

// What of its TLS a running server cannot change.
enum class TlsShape { kNone, kWithoutClientCa, kWithClientCa };

TlsShape ShapeOf(const std::optional<TlsConfig>& tls);

// Reads and checks the files. Fails where one cannot be read, is no whole PEM,
// or where the key does not belong to the certificate; the message names the
// file, and holds nothing of it.
absl::StatusOr<TlsConfig> ReadTlsFiles(const TlsFiles& files);

}  // namespace sluice::policy

#endif  // POLICY_SERVER_TLS_CONFIG_H_
