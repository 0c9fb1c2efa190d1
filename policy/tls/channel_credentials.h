#ifndef POLICY_TLS_CHANNEL_CREDENTIALS_H_
#define POLICY_TLS_CHANNEL_CREDENTIALS_H_

#include <memory>
#include <optional>

#include "grpcpp/grpcpp.h"
#include "policy/tls/client_tls.h"

namespace sluice::policy {

// For a gRPC channel; without `tls`, plain text.
inline std::shared_ptr<grpc::ChannelCredentials> ChannelCredentialsFor(
    const std::optional<ClientTls>& tls) {
  if (!tls.has_value()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = tls->ca;
  options.pem_cert_chain = tls->certificate;
  options.pem_private_key = tls->private_key.str();
  return grpc::SslCredentials(options);
}

}  // namespace sluice::policy

#endif  // POLICY_TLS_CHANNEL_CREDENTIALS_H_
