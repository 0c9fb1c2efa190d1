#include "policy/server/tls_config.h"

#include <utility>

#include "policy/tls/pem_files.h"

namespace sluice::policy {
std::vector<std::string> TlsFiles::Paths() const {
  std::vector<std::string> paths;
  for (const std::string& path : {certificate, private_key, client_ca}) {
    if (!path.empty()) paths.push_back(path);
  }
  return paths;
}

TlsShape ShapeOf(const std::optional<TlsConfig>& tls) {
  if (!tls.has_value()) return TlsShape::kNone;
  return tls->client_ca.empty() ? TlsShape::kWithoutClientCa
                                : TlsShape::kWithClientCa;
}

absl::StatusOr<TlsConfig> ReadTlsFiles(const TlsFiles& files) {
  absl::StatusOr<std::string> certificate =
      ReadCertificates(files.certificate, CertificateUse::kShown);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<SecretString> private_key =
      ReadPrivateKey(files.private_key, *certificate);
  if (!private_key.ok()) return private_key.status();
  TlsConfig tls{*std::move(certificate), *std::move(private_key), ""};
  if (files.client_ca.empty()) return tls;
  absl::StatusOr<std::string> client_ca =
      ReadCertificates(files.client_ca, CertificateUse::kTrusted);
  if (!client_ca.ok()) return client_ca.status();
  tls.client_ca = *std::move(client_ca);
  return tls;
}

}  // namespace sluice::policy
