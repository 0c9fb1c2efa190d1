#include "policy/server/tls_credentials.h"

#include "absl/strings/string_view.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "policy/tls/validity.h"

namespace sluice::policy {
namespace {

using ::grpc::experimental::ExternalCertificateVerifier;
using ::grpc::experimental::TlsCustomVerificationCheckRequest;

TlsTexts TextsOf(const TlsConfig& tls) {
  return {tls.client_ca, tls.certificate, tls.private_key};
}

// As NamesOf() has them of a call.
CallerNames NamesOf(const TlsCustomVerificationCheckRequest& request) {
  CallerNames names;
  const auto add = [&names](const grpc::string_ref& name) {
    if (!name.empty()) names.emplace_back(name.data(), name.size());
  };
  for (const grpc::string_ref& name : request.dns_names()) add(name);
  for (const grpc::string_ref& name : request.uri_names()) add(name);
  add(request.common_name());
  return names;
}

// Looks at the names of certificates that TLS has verified.
class RoleVerifier final : public ExternalCertificateVerifier {
 public:
  RoleVerifier(const AccessControl* access,
               TlsCredentials::OnRefused on_refused)
      : access_(*access), on_refused_(std::move(on_refused)) {}

  bool Verify(TlsCustomVerificationCheckRequest* request,
              std::function<void(grpc::Status)> /*callback*/,
              grpc::Status* sync_status) override {
    const CallerNames caller = NamesOf(*request);
    *sync_status = access_.CheckAnyRole(caller);
    if (!sync_status->ok() && on_refused_) on_refused_(caller);
    return true;  // done
  }
  void Cancel(TlsCustomVerificationCheckRequest*) override {}

 private:
  const AccessControl& access_;
  const TlsCredentials::OnRefused on_refused_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TlsCredentials>> TlsCredentials::Create(
    const TlsConfig& tls) {
  absl::StatusOr<std::unique_ptr<TlsMaterial>> material =
      TlsMaterial::Create(TextsOf(tls));
  if (!material.ok()) return material.status();
  std::unique_ptr<TlsCredentials> result(
      new TlsCredentials(*std::move(material), !tls.client_ca.empty()));
  result->NoteExpiries(tls);
  return result;
}

absl::Status TlsCredentials::Replace(const TlsConfig& tls) {
  absl::Status status = material_->Replace(TextsOf(tls));
  if (status.ok()) NoteExpiries(tls);
  return status;
}

void TlsCredentials::NoteExpiries(const TlsConfig& tls) {
  const std::lock_guard<std::mutex> lock(mutex_);
  expiries_ = {FirstExpiry(tls.certificate), has_client_ca_
                                                 ? LastExpiry(tls.client_ca)
                                                 : absl::InfiniteFuture()};
}

TlsCredentials::Expiries TlsCredentials::expiries() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return expiries_;
}

std::shared_ptr<grpc::ServerCredentials> TlsCredentials::ForServer(
    const AccessControl* access, OnRefused on_refused) const {
  grpc::experimental::TlsServerCredentialsOptions options(
      material_->NewProvider());
  options.watch_identity_key_cert_pairs();
  if (has_client_ca_) {
    options.watch_root_certs();
    options.set_cert_request_type(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.set_certificate_verifier(
        ExternalCertificateVerifier::Create<RoleVerifier>(
            access, std::move(on_refused)));
  } else {
    options.set_cert_request_type(GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE);
  }
  return grpc::experimental::TlsServerCredentials(options);
}

}  // namespace sluice::policy
