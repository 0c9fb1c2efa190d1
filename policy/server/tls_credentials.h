#ifndef POLICY_SERVER_TLS_CREDENTIALS_H_
#define POLICY_SERVER_TLS_CREDENTIALS_H_

#include <functional>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/security/server_credentials.h"
#include "policy/server/tls_config.h"
#include "policy/service/access_control.h"
#include "policy/tls/tls_material.h"

namespace sluice::policy {

// TLS of a gRPC server, whose certificates, key and client CA can be replaced
// while it serves; no connection is broken off. Where clients need a
// certificate, the handshake fails for those whose names nobody who may call
// has, before anything else of what they send is read.
class TlsCredentials {
 public:
  // Hears, on any thread, of those that are refused for their names.
  using OnRefused = std::function<void(const CallerNames& caller)>;

  // Whether clients need a certificate stays as it is in `tls`. Fails where the
  // process can have no more files, or no /proc.
  static absl::StatusOr<std::unique_ptr<TlsCredentials>> Create(
      const TlsConfig& tls);
  TlsCredentials(const TlsCredentials&) = delete;
  TlsCredentials& operator=(const TlsCredentials&) = delete;

  // For connections that begin a second later. `tls` has the same shape. On
  // failure nothing changes. One thread at a time.
  absl::Status Replace(const TlsConfig& tls);

  // When what is in use expires: of the chain the first, of client CAs the
  // last. Any thread.
  struct Expiries {
    absl::Time certificate;
    absl::Time client_ca;  // the infinite future where there are none
  };
  Expiries expiries() const;

  // For a server that this and `access` outlive.
  std::shared_ptr<grpc::ServerCredentials> ForServer(
      const AccessControl* access, OnRefused on_refused) const;

 private:
  TlsCredentials(std::unique_ptr<TlsMaterial> material, bool has_client_ca)
      : material_(std::move(material)), has_client_ca_(has_client_ca) {}

  void NoteExpiries(const TlsConfig& tls);

  const std::unique_ptr<TlsMaterial> material_;
  const bool has_client_ca_;
  mutable std::mutex mutex_;
  Expiries expiries_;  // with mutex_ held
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_TLS_CREDENTIALS_H_
