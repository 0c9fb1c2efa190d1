#include "proxy/server/policy_tls.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "policy/tls/pem_files.h"
#include "proxy/base/config_log.h"
#include "proxy/base/secret_string.h"

namespace sluice::server {
namespace {

using ::sluice::policy::CertificateInUse;
using ::sluice::policy::CertificateUse;
using ::sluice::policy::TlsMaterial;
using ::sluice::policy::TlsTexts;

absl::Status Wrong(absl::string_view field, const absl::Status& problem) {
  return absl::InvalidArgumentError(
      absl::StrCat("policy.tls.", field, ": ", problem.message()));
}

std::vector<std::string> PathsOf(const PolicyTlsConfig& files) {
  std::vector<std::string> paths;
  for (const std::string& file : {files.ca_file, files.key_pair.certificate,
                                  files.key_pair.private_key}) {
    if (!file.empty()) paths.push_back(file);
  }
  return paths;
}

}  // namespace

absl::StatusOr<std::unique_ptr<PolicyTls>> PolicyTls::Create(
    PolicyTlsConfig files, Logger* log, absl::Duration interval) {
  FileWatcher::Options options;
  options.interval = interval;
  options.files = PathsOf(files);
  // So that no change between reading and watching is missed.
  options.known = FileWatcher::Look(options.files);
  std::unique_ptr<PolicyTls> result(new PolicyTls(std::move(files), log));
  const absl::StatusOr<TlsTexts> texts = result->Read();
  if (!texts.ok()) return texts.status();
  absl::StatusOr<std::unique_ptr<TlsMaterial>> material =
      TlsMaterial::Create(*texts);
  if (!material.ok()) return material.status();
  result->material_ = *std::move(material);
  result->Remember(*texts);
  options.on_change = [self = result.get()] { self->Reload(); };
  result->watcher_ = std::make_unique<FileWatcher>(std::move(options));
  return result;
}

absl::StatusOr<TlsTexts> PolicyTls::Read() const {
  TlsTexts texts;
  if (!files_.ca_file.empty()) {
    absl::StatusOr<std::string> ca =
        policy::ReadCertificates(files_.ca_file, CertificateUse::kTrusted);
    if (!ca.ok()) return Wrong("ca", ca.status());
    texts.ca = *std::move(ca);
  }
  if (files_.key_pair.certificate.empty()) return texts;
  absl::StatusOr<std::string> certificate = policy::ReadCertificates(
      files_.key_pair.certificate, CertificateUse::kShown);
  if (!certificate.ok()) return Wrong("certificate", certificate.status());
  texts.certificate = *std::move(certificate);
  absl::StatusOr<SecretString> private_key =
      policy::ReadPrivateKey(files_.key_pair.private_key, texts.certificate);
  if (!private_key.ok()) return Wrong("private_key", private_key.status());
  texts.private_key = *std::move(private_key);
  return texts;
}

void PolicyTls::Remember(const TlsTexts& texts) {
  std::vector<CertificateInUse> in_use;
  std::vector<CertificateExpiry> expiries;
  const auto add = [&](const std::string& field, const std::string& file,
                       const std::string& pem, CertificateUse use,
                       absl::Time expiry) {
    if (pem.empty()) return;
    in_use.push_back({absl::StrCat(field, ": ", file), pem, use});
    if (expiry == absl::InfiniteFuture()) return;
    expiries.push_back({"", field, expiry});
  };
  add("policy.tls.ca", files_.ca_file, texts.ca, CertificateUse::kTrusted,
      policy::LastExpiry(texts.ca));
  add("policy.tls.certificate", files_.key_pair.certificate, texts.certificate,
      CertificateUse::kShown, policy::FirstExpiry(texts.certificate));
  const std::lock_guard<std::mutex> lock(mutex_);
  in_use_ = std::move(in_use);
  expiries_ = std::move(expiries);
}

std::vector<CertificateInUse> PolicyTls::in_use() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return in_use_;
}

void PolicyTls::WarnOfValidity(absl::Time now) const {
  LogConfigWarnings(policy::ValidityWarnings(in_use(), now), log_);
}

std::string PolicyTls::Problem(absl::Time now) const {
  for (const CertificateInUse& used : in_use()) {
    const std::string problem =
        policy::ValidityProblem(used.pem, used.use, now);
    if (!problem.empty()) return absl::StrCat(used.name, ": ", problem);
  }
  return "";
}

std::vector<CertificateExpiry> PolicyTls::Expiries() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return expiries_;
}

void PolicyTls::Reload() {
  const absl::StatusOr<TlsTexts> texts = Read();
  const absl::Status status =
      texts.ok() ? material_->Replace(*texts) : texts.status();
  if (!status.ok()) {
    log_.Error("certificates_rejected",
               {{"of", "policy.tls"}, {"detail", status.message()}});
    return;
  }
  log_.Info("certificates_reloaded", {{"of", "policy.tls"}});
  Remember(*texts);
  WarnOfValidity(absl::Now());
}

}  // namespace sluice::server
