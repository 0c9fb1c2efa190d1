#ifndef POLICY_SERVER_TLS_CREDENTIALS_H_
#define POLICY_SERVER_TLS_CREDENTIALS_H_

#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <optional>
#include <string>

#include "grpc/grpc_security.h"
#include "grpcpp/security/server_credentials.h"
#include "policy/server/tls_config.h"

namespace sluice::policy {

// TLS of a gRPC server, whose certificates, key and client CA can be replaced
// while it serves. gRPC asks for them at the beginning of each handshake, so
// that a connection has all of the old ones or all of the new ones, and none is
// broken off. Tickets for the resumption of a session end with what they were
// issued under.
class TlsCredentials final : public grpc::ServerCredentials {
 public:
  // Whether clients need a certificate stays as it is in `tls`.
  explicit TlsCredentials(TlsConfig tls);
  ~TlsCredentials() override;
  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  // For connections that begin from now on. `tls` has the same shape. Any
  // thread.
  void Replace(TlsConfig tls);

  // Not supported: does nothing.
  void SetAuthMetadataProcessor(
      const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  // Of one port; gRPC's one caller at a time.
  int AddPortToServer(const std::string& address, grpc_server* server) override;
  static grpc_ssl_certificate_config_reload_status Fetch(
      void* self, grpc_ssl_server_certificate_config** config);

  std::mutex mutex_;
  std::optional<TlsConfig> tls_;  // until gRPC has fetched it
  grpc_server_credentials* const credentials_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_TLS_CREDENTIALS_H_
