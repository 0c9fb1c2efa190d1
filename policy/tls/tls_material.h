#ifndef POLICY_TLS_TLS_MATERIAL_H_
#define POLICY_TLS_TLS_MATERIAL_H_

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/base/secret_string.h"
#include "proxy/base/unique_fd.h"

namespace sluice::policy {

// PEM texts for TLS between a proxy and the policy service, which fit each
// other: those of one side.
struct TlsTexts {
  // Vouches for the other; empty: the system's do for a policy service, and a
  // proxy needs none.
  std::string ca;
  // Its own, which a proxy has for mutual TLS; both or neither.
  std::string certificate;
  SecretString private_key;
};

// What the connections of a channel or a server are made with; it can be
// replaced while they are in use. gRPC's only source of certificates that
// change is files, of which it takes whatever they hold: so these are files in
// memory, which hold only what the caller has checked.
class TlsMaterial {
 public:
  // Fails where the process can have no more files, or no /proc.
  static absl::StatusOr<std::unique_ptr<TlsMaterial>> Create(
      const TlsTexts& texts);
  TlsMaterial(const TlsMaterial&) = delete;
  TlsMaterial& operator=(const TlsMaterial&) = delete;

  // Connections that begin a second later are made with `texts`, of which the
  // same are empty as before. On failure nothing changes. One thread at a time.
  absl::Status Replace(const TlsTexts& texts);

  // For channels that this outlives.
  std::shared_ptr<grpc::ChannelCredentials> NewCredentials() const;

  // For one that this outlives, of either side. There is some text.
  std::shared_ptr<grpc::experimental::CertificateProviderInterface>
  NewProvider() const;

 private:
  TlsMaterial() = default;

  // No descriptor: nothing is there.
  UniqueFd ca_;
  UniqueFd certificate_;
  UniqueFd private_key_;
};

}  // namespace sluice::policy

#endif  // POLICY_TLS_TLS_MATERIAL_H_
