#include "proxy/server/policy_source_config.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/tls/pem.h"
#include "proxy/config/files.h"
#include "proxy/config/named_address.h"
#include "proxy/config/named_file.h"

namespace sluice::server {
namespace {

using ::sluice::config::AnyPort;
using ::sluice::config::Unix;
using Schema = ::sluice::config::v1::ProxyConfig::PolicySource;

absl::Status CheckTls(const Schema::Tls& tls, const FieldChecks& fields,
                      PolicyTlsConfig* result) {
  if (!tls.ca().empty()) {
    const absl::Status s =
        fields
            .CheckCertificate("policy.tls.ca", tls.ca(),
                              policy::CertificateUse::kTrusted,
                              &result->ca_file)
            .status();
    if (!s.ok()) return s;
  }
  if (tls.certificate().empty() && tls.private_key().empty()) {
    return absl::OkStatus();
  }
  return fields
      .CheckKeyPair("policy.tls", tls.certificate(), tls.private_key(),
                    policy::CertificateUse::kShown, &result->key_pair)
      .status();
}

absl::Status CheckElsewhere(const Schema& policy, const FieldChecks& fields,
                            PolicySourceConfig* result) {
  result->address.emplace();
  absl::Status s =
      fields.CheckAddress("policy.address", policy.address(), Unix::kAllowed,
                          AnyPort::kRefused, &*result->address);
  if (!s.ok()) return s;
  if (policy.has_tls()) {
    return CheckTls(policy.tls(), fields, &result->tls.emplace());
  }
  if (!result->address->is_local()) {
    fields.Warn(absl::StrCat(
        "policy.address: whoever is on the way to ",
        result->address->ToString(),
        " reads tokens, and may make up what clients are allowed; policy.tls "
        "would keep them from it"));
  }
  return absl::OkStatus();
}

absl::Status CheckEmbedded(const Schema& policy, const FieldChecks& fields,
                           PolicySourceConfig* result) {
  if (policy.embedded().empty()) {
    return fields.Error("policy.embedded", config::kRequired);
  }
  if (policy.has_tls()) {
    return fields.Error("policy.tls",
                        "an embedded policy service is not reached over TLS; "
                        "remove the field");
  }
  result->embedded_file =
      config::ResolvePath(fields.locations().file(), policy.embedded());
  absl::StatusOr<policy::LoadedConfig> embedded =
      policy::LoadConfig(result->embedded_file, policy::Hosting::kEmbedded);
  if (absl::IsInvalidArgument(embedded.status())) return embedded.status();
  if (!embedded.ok()) {
    return fields.Error("policy.embedded", embedded.status().message());
  }
  for (const std::string& warning : embedded->warnings) {
    fields.Warn(absl::StrCat(result->embedded_file, ": ", warning));
  }
  result->embedded = *std::move(embedded);
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckPolicySource(const Schema& policy, const FieldChecks& fields,
                               PolicySourceConfig* result) {
  absl::Status s =
      fields.CheckTime("policy.timeout", policy.has_timeout(), policy.timeout(),
                       Zero::kRefused, &result->timeout);
  if (!s.ok()) return s;
  if (policy.on_outage() == Schema::ON_OUTAGE_DISCONNECT) {
    result->on_outage = OnOutage::kDisconnect;
  }
  switch (policy.service_case()) {
    case Schema::SERVICE_NOT_SET:
      break;
    case Schema::kAddress:
      return CheckElsewhere(policy, fields, result);
    case Schema::kEmbedded:
      return CheckEmbedded(policy, fields, result);
  }
  return fields.Error("policy", "one of address and embedded is required");
}

}  // namespace sluice::server
