#include "policy/server/client_tls.h"

#include <utility>

#include "policy/server/named_keys.h"

namespace sluice::policy {

using ::sluice::config::FieldPath;

absl::StatusOr<ClientTls> ReadClientTls(
    const config::v1::PolicyConfig::ClientTls& schema, const std::string& path,
    const config::Locations& locations) {
  ClientTls tls;
  if (schema.certificate().empty() != schema.private_key().empty()) {
    return locations.Error(path, "certificate and private_key go together");
  }
  if (!schema.ca().empty()) {
    absl::StatusOr<std::string> ca =
        ReadNamedCertificates(locations, FieldPath(path, "ca"), schema.ca(),
                              CertificateUse::kTrusted);
    if (!ca.ok()) return ca.status();
    tls.ca = *std::move(ca);
  }
  if (schema.certificate().empty()) return tls;
  absl::StatusOr<std::string> certificate =
      ReadNamedCertificates(locations, FieldPath(path, "certificate"),
                            schema.certificate(), CertificateUse::kShown);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<SecretString> private_key =
      ReadNamedPrivateKey(locations, FieldPath(path, "private_key"),
                          schema.private_key(), *certificate);
  if (!private_key.ok()) return private_key.status();
  tls.certificate = *std::move(certificate);
  tls.private_key = *std::move(private_key);
  return tls;
}

}  // namespace sluice::policy
