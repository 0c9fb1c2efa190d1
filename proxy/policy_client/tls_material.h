#ifndef PROXY_POLICY_CLIENT_TLS_MATERIAL_H_
#define PROXY_POLICY_CLIENT_TLS_MATERIAL_H_

#include <grpcpp/security/credentials.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/base/secret_string.h"
#include "proxy/base/unique_fd.h"

namespace sluice::policy_client {

// PEM texts for TLS to the policy service, which fit each other.
struct TlsTexts {
  std::string ca;  // vouches for the policy service; empty: the system's do
  // The proxy's own, for mutual TLS; both or neither.
  std::string certificate;
  SecretString private_key;
};

// What a channel's connections are made with; it can be replaced while the
// channel is in use. gRPC's only source of certificates that change is files,
// of which it takes whatever they hold: so these are files in memory, which
// hold only what the caller has checked.
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

 private:
  TlsMaterial() = default;

  // No descriptor: nothing is there.
  UniqueFd ca_;
  UniqueFd certificate_;
  UniqueFd private_key_;
};

}  // namespace sluice::policy_client

#endif  // PROXY_POLICY_CLIENT_TLS_MATERIAL_H_
