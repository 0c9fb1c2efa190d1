#include "proxy/server/policy_tls.h"

#include <cstring>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "policy/tls/pem.h"
#include "policy/tls/validity.h"
#include "proxy/base/small_file.h"

namespace sluice::server {
namespace {

using ::sluice::policy::CertificateUse;
using ::sluice::policy_client::TlsMaterial;
using ::sluice::policy_client::TlsTexts;

absl::Status Wrong(absl::string_view field, absl::string_view problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("policy.tls.", field, ": ", problem));
}

absl::Status WrongFile(absl::string_view field, const std::string& file,
                       const absl::Status& problem) {
  return Wrong(field, absl::StrCat(file, ": ", problem.message()));
}

absl::Status ReadCertificates(absl::string_view field, const std::string& file,
                              CertificateUse use, std::string* pem) {
  absl::StatusOr<std::string> read = ReadSmallFile(file);
  if (!read.ok()) return Wrong(field, read.status().message());
  const absl::Status checked = policy::CheckCertificates(*read, use);
  if (!checked.ok()) return WrongFile(field, file, checked);
  *pem = *std::move(read);
  return absl::OkStatus();
}

void Wipe(std::string* secret) {
  explicit_bzero(secret->data(), secret->size());
}

}  // namespace

absl::StatusOr<std::unique_ptr<PolicyTls>> PolicyTls::Create(
    PolicyTlsConfig files, Logger* log, absl::Duration interval) {
  std::unique_ptr<PolicyTls> result(new PolicyTls(std::move(files), log));
  absl::StatusOr<TlsTexts> texts = result->Read();
  if (!texts.ok()) return texts.status();
  absl::StatusOr<std::unique_ptr<TlsMaterial>> material =
      TlsMaterial::Create(*texts);
  Wipe(&texts->private_key);
  if (!material.ok()) return material.status();
  result->material_ = *std::move(material);
  FileWatcher::Options options;
  options.interval = interval;
  for (const std::string& file :
       {result->files_.ca_file, result->files_.certificate_file,
        result->files_.private_key_file}) {
    if (!file.empty()) options.files.push_back(file);
  }
  options.on_change = [self = result.get()] { self->Reload(); };
  result->watcher_ = std::make_unique<FileWatcher>(std::move(options));
  return result;
}

absl::StatusOr<TlsTexts> PolicyTls::Read() const {
  TlsTexts texts;
  if (!files_.ca_file.empty()) {
    absl::Status s = ReadCertificates("ca", files_.ca_file,
                                      CertificateUse::kTrusted, &texts.ca);
    if (!s.ok()) return s;
  }
  if (files_.certificate_file.empty()) return texts;
  absl::Status s = ReadCertificates("certificate", files_.certificate_file,
                                    CertificateUse::kShown, &texts.certificate);
  if (!s.ok()) return s;
  absl::StatusOr<std::string> key = ReadSmallFile(files_.private_key_file);
  if (!key.ok()) return Wrong("private_key", key.status().message());
  const absl::Status fits = policy::CheckPrivateKey(*key, texts.certificate);
  if (!fits.ok()) {
    Wipe(&*key);
    return WrongFile("private_key", files_.private_key_file, fits);
  }
  texts.private_key = *std::move(key);
  return texts;
}

void PolicyTls::Warn(absl::string_view field, const std::string& file,
                     const std::string& warning) {
  if (warning.empty()) return;
  log_.Warning("config_warning",
               {{"detail", absl::StrCat("policy.tls.", field, ": ", file, ": ",
                                        warning)}});
}

void PolicyTls::Reload() {
  absl::StatusOr<TlsTexts> texts = Read();
  absl::Status status = texts.status();
  std::string ca_warning;
  std::string certificate_warning;
  if (texts.ok()) {
    const absl::Time now = absl::Now();
    ca_warning =
        policy::ValidityWarning(texts->ca, CertificateUse::kTrusted, now);
    certificate_warning = policy::ValidityWarning(texts->certificate,
                                                  CertificateUse::kShown, now);
    status = material_->Replace(*texts);
    Wipe(&texts->private_key);
  }
  if (status.ok()) {
    log_.Info("certificates_reloaded", {{"of", "policy.tls"}});
    Warn("ca", files_.ca_file, ca_warning);
    Warn("certificate", files_.certificate_file, certificate_warning);
  } else {
    log_.Error("certificates_rejected",
               {{"of", "policy.tls"}, {"detail", status.message()}});
  }
}

}  // namespace sluice::server
