#include "policy/server/tls_credentials.h"

#include <utility>

#include "grpc/grpc.h"

namespace sluice::policy {

TlsCredentials::TlsCredentials(TlsConfig tls)
    : tls_(std::move(tls)),
      credentials_(grpc_ssl_server_credentials_create_with_options(
          grpc_ssl_server_credentials_create_options_using_config_fetcher(
              tls_->client_ca.empty()
                  ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                  : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY,
              &TlsCredentials::Fetch, this))) {}

TlsCredentials::~TlsCredentials() {
  grpc_server_credentials_release(credentials_);
}

void TlsCredentials::Replace(TlsConfig tls) {
  std::lock_guard<std::mutex> lock(mutex_);
  tls_ = std::move(tls);
}

int TlsCredentials::AddPortToServer(const std::string& address,
                                    grpc_server* server) {
  return grpc_server_add_http2_port(server, address.c_str(), credentials_);
}

grpc_ssl_certificate_config_reload_status TlsCredentials::Fetch(
    void* self, grpc_ssl_server_certificate_config** config) {
  auto* const credentials = static_cast<TlsCredentials*>(self);
  std::lock_guard<std::mutex> lock(credentials->mutex_);
  if (!credentials->tls_.has_value()) {
    return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  }
  const TlsConfig tls = *std::exchange(credentials->tls_, std::nullopt);
  const grpc_ssl_pem_key_cert_pair pair = {tls.private_key.c_str(),
                                           tls.certificate.c_str()};
  // gRPC wants some CA, also where clients are asked for no certificate.
  const std::string& ca =
      tls.client_ca.empty() ? tls.certificate : tls.client_ca;
  *config = grpc_ssl_server_certificate_config_create(ca.c_str(), &pair, 1);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

}  // namespace sluice::policy
