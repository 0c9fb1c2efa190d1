#include "policy/server/tls_config.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/tls/pem.h"
#include "proxy/base/small_file.h"

namespace sluice::policy {
namespace {

absl::Status Of(const std::string& file, const absl::Status& status) {
  return absl::InvalidArgumentError(absl::StrCat(file, ": ", status.message()));
}

absl::StatusOr<std::string> ReadCertificates(const std::string& file,
                                             CertificateUse use) {
  absl::StatusOr<std::string> pem = ReadSmallFile(file);
  if (!pem.ok()) return pem;
  if (absl::Status s = CheckCertificates(*pem, use); !s.ok())
    return Of(file, s);
  return pem;
}

}  // namespace

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
  absl::StatusOr<std::string> contents = ReadSmallFile(files.private_key);
  if (!contents.ok()) return contents.status();
  SecretString private_key(*std::move(contents));
  if (absl::Status s = CheckPrivateKey(private_key.str(), *certificate);
      !s.ok()) {
    return Of(files.private_key, s);
  }
  TlsConfig tls{*std::move(certificate), std::move(private_key), ""};
  if (files.client_ca.empty()) return tls;
  absl::StatusOr<std::string> client_ca =
      ReadCertificates(files.client_ca, CertificateUse::kTrusted);
  if (!client_ca.ok()) return client_ca.status();
  tls.client_ca = *std::move(client_ca);
  return tls;
}

}  // namespace sluice::policy
