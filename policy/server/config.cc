#include "policy/server/config.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "policy/ace/claims.h"
#include "policy/ace/decryption_key.h"
#include "policy/server/checker_config.h"
#include "policy/server/issuer_config.h"
#include "policy/server/named_keys.h"
#include "policy/server/store_config.h"
#include "policy/tls/validity.h"
#include "proto/sluice/config/v1/policy.pb.h"
#include "proto/timestamp.h"
#include "proxy/config/files.h"
#include "proxy/config/locations.h"
#include "proxy/config/named_address.h"
#include "proxy/config/named_file.h"
#include "proxy/config/yaml_message.h"
#include "proxy/mqtt/topic.h"

namespace sluice::policy {
namespace {

using Schema = ::sluice::config::v1::PolicyConfig;
using ::sluice::config::AnyPort;
using ::sluice::config::ElementPath;
using ::sluice::config::FieldPath;
using ::sluice::config::kRequired;
using ::sluice::config::ReadNamedAddress;
using ::sluice::config::ResolvePath;
using ::sluice::config::Unix;

constexpr absl::Duration kDefaultClockSkew = absl::Seconds(30);

// Turns the message that was read into what the service needs, a section a
// function; `locations` words the errors.
class ConfigReader {
 public:
  ConfigReader(const Schema& schema, const config::Locations& locations)
      : schema_(schema), locations_(locations) {}

  absl::StatusOr<LoadedConfig> Check(Hosting hosting);

 private:
  absl::Status CheckAddress(Hosting hosting);
  absl::Status CheckTls();
  void WarnOfValidity(const char* field, const std::string& name,
                      const std::string& pem, CertificateUse use);
  absl::Status CheckAccess(Hosting hosting);
  void WarnOfAccess(bool has_certificates);
  absl::Status CheckClaims();
  absl::Status CheckDecryptionKeys();
  absl::Status CheckPublicTopic(int index);

  absl::Status Error(absl::string_view path, absl::string_view problem) const {
    return locations_.Error(path, problem);
  }

  const Schema& schema_;
  const config::Locations& locations_;
  std::optional<Address> address_;
  std::optional<TlsConfig> tls_;
  TlsFiles tls_files_;
  ace::TokenVerifier::Options options_;
  IssuerSettings issuer_settings_;
  std::vector<ace::Permission> public_topics_;
  AccessRules access_;
  std::vector<std::string> warnings_;
};

absl::StatusOr<LoadedConfig> ConfigReader::Check(Hosting hosting) {
  if (absl::Status s = CheckAddress(hosting); !s.ok()) return s;
  if (absl::Status s = CheckTls(); !s.ok()) return s;
  if (absl::Status s = CheckAccess(hosting); !s.ok()) return s;
  if (absl::Status s = CheckClaims(); !s.ok()) return s;
  if (absl::Status s = CheckIssuers(schema_, locations_, &options_,
                                    &issuer_settings_, &warnings_);
      !s.ok()) {
    return s;
  }
  if (absl::Status s = CheckDecryptionKeys(); !s.ok()) return s;
  for (int i = 0; i < schema_.public_topics_size(); ++i) {
    if (absl::Status s = CheckPublicTopic(i); !s.ok()) return s;
  }
  absl::StatusOr<StoreOptions> store = CheckStore(schema_, locations_);
  if (!store.ok()) return store.status();
  absl::StatusOr<ace::TokenVerifier> verifier =
      ace::TokenVerifier::Create(std::move(options_));
  if (!verifier.ok()) return Error("", verifier.status().message());
  if (hosting == Hosting::kEmbedded) {  // which nobody connects to
    address_.reset();
    tls_.reset();
    tls_files_ = {};
    access_ = {};
  }
  return LoadedConfig{std::move(address_),
                      std::move(tls_),
                      *std::move(verifier),
                      std::move(issuer_settings_),
                      std::move(public_topics_),
                      *std::move(store),
                      std::move(access_),
                      std::move(warnings_),
                      std::nullopt,
                      std::move(tls_files_)};
}

absl::Status ConfigReader::CheckAddress(Hosting hosting) {
  if (schema_.address().empty() && hosting == Hosting::kEmbedded) {
    return absl::OkStatus();
  }
  absl::StatusOr<Address> address =
      ReadNamedAddress(locations_, "address", schema_.address(), Unix::kAllowed,
                       AnyPort::kAllowed);
  if (!address.ok()) return address.status();
  address_ = *std::move(address);
  return absl::OkStatus();
}

void ConfigReader::WarnOfValidity(const char* field, const std::string& name,
                                  const std::string& pem, CertificateUse use) {
  const std::string warning = ValidityWarning(pem, use, absl::Now());
  if (warning.empty()) return;
  warnings_.push_back(absl::StrCat(field, ": ", name, ": ", warning));
}

absl::Status ConfigReader::CheckTls() {
  if (!schema_.has_tls()) return absl::OkStatus();
  const config::v1::PolicyConfig::Tls& schema = schema_.tls();
  TlsConfig tls;
  absl::StatusOr<std::string> certificate =
      ReadNamedCertificates(locations_, "tls.certificate", schema.certificate(),
                            CertificateUse::kShown);
  if (!certificate.ok()) return certificate.status();
  WarnOfValidity("tls.certificate", schema.certificate(), *certificate,
                 CertificateUse::kShown);
  tls.certificate = *std::move(certificate);
  absl::StatusOr<SecretString> private_key = ReadNamedPrivateKey(
      locations_, "tls.private_key", schema.private_key(), tls.certificate);
  if (!private_key.ok()) return private_key.status();
  tls.private_key = *std::move(private_key);
  const auto path_of = [this](const std::string& name) {
    return ResolvePath(locations_.file(), name);
  };
  tls_files_ = {path_of(schema.certificate()), path_of(schema.private_key()),
                ""};
  if (locations_.Contains("tls.client_ca")) {
    absl::StatusOr<std::string> client_ca =
        ReadNamedCertificates(locations_, "tls.client_ca", schema.client_ca(),
                              CertificateUse::kTrusted);
    if (!client_ca.ok()) return client_ca.status();
    WarnOfValidity("tls.client_ca", schema.client_ca(), *client_ca,
                   CertificateUse::kTrusted);
    tls.client_ca = *std::move(client_ca);
    tls_files_.client_ca = path_of(schema.client_ca());
  }
  tls_ = std::move(tls);
  return absl::OkStatus();
}

absl::Status ConfigReader::CheckAccess(Hosting hosting) {
  const bool has_certificates = tls_.has_value() && !tls_->client_ca.empty();
  if (!has_certificates && schema_.has_access()) {
    return Error("access", "goes with tls.client_ca only");
  }
  if (hosting == Hosting::kStandalone) WarnOfAccess(has_certificates);
  const struct {
    const char* field;
    const google::protobuf::RepeatedPtrField<std::string>& names;
    std::vector<std::string>* out;
  } kLists[] = {
      {"access.proxies", schema_.access().proxies(), &access_.proxies},
      {"access.operators", schema_.access().operators(), &access_.operators},
  };
  for (const auto& list : kLists) {
    for (int i = 0; i < list.names.size(); ++i) {
      if (list.names[i].empty()) {
        return Error(ElementPath(list.field, i), "an empty name");
      }
      list.out->push_back(list.names[i]);
    }
  }
  return absl::OkStatus();
}

void ConfigReader::WarnOfAccess(bool has_certificates) {
  if (has_certificates) {
    if (!schema_.has_access()) {
      warnings_.push_back(
          "access.operators: it names nobody, so that nobody may manage the "
          "service; names of certificates would let them");
    }
    if (schema_.access().proxies().empty()) {
      warnings_.push_back(
          "access.proxies: whoever has a certificate of tls.client_ca may ask "
          "the service as a proxy does; names would limit it");
    }
  } else if (!address_->is_local()) {
    warnings_.push_back(absl::StrCat(
        "address: whoever can connect to ", address_->ToString(),
        " may ask the service as a proxy does, but for pre-shared keys; "
        "tls.client_ca and access.proxies would limit it"));
  } else if (!address_->is_unix()) {
    // A socket file is for its owner only.
    warnings_.push_back(
        absl::StrCat("address: whoever can connect to ", address_->ToString(),
                     " may manage the service; tls.client_ca and "
                     "access.operators would limit it"));
  }
}

absl::Status ConfigReader::CheckClaims() {
  if (schema_.audience().empty()) return Error("audience", kRequired);
  options_.audience = schema_.audience();
  options_.clock_skew = schema_.has_clock_skew()
                            ? FromProtoDuration(schema_.clock_skew())
                            : kDefaultClockSkew;
  if (options_.clock_skew < absl::ZeroDuration() ||
      options_.clock_skew > ace::kMaxClockSkew) {
    return Error("clock_skew", "expected a duration from 0s to 1h");
  }
  return absl::OkStatus();
}

absl::Status ConfigReader::CheckDecryptionKeys() {
  constexpr char kField[] = "decryption_keys_file";
  if (!locations_.Contains(kField)) return absl::OkStatus();
  absl::StatusOr<ace::DecryptionKeySet> keys =
      ReadNamedJwks<ace::DecryptionKeySet>(
          locations_, kField, schema_.decryption_keys_file(), &warnings_);
  if (!keys.ok()) return keys.status();
  options_.decryption_keys = *std::move(keys);
  return absl::OkStatus();
}

absl::Status ConfigReader::CheckPublicTopic(int index) {
  const Schema::PublicTopic& topic = schema_.public_topics(index);
  const std::string path = ElementPath("public_topics", index);
  if (topic.filter().empty())
    return Error(FieldPath(path, "filter"), kRequired);
  if (!mqtt::IsValidUnsharedFilter(topic.filter())) {
    return Error(FieldPath(path, "filter"),
                 "expected an MQTT topic filter, not a shared one");
  }
  ace::Permission permission;
  permission.topic_filter = topic.filter();
  const std::string permissions = FieldPath(path, "permissions");
  for (int i = 0; i < topic.permissions_size(); ++i) {
    bool* allowed = topic.permissions(i) == Schema::PublicTopic::PERMISSION_PUB
                        ? &permission.publish
                        : &permission.subscribe;
    if (*allowed) {
      return Error(ElementPath(permissions, i), "stands here twice");
    }
    *allowed = true;
  }
  if (!permission.publish && !permission.subscribe) {
    return Error(permissions, kRequired);
  }
  public_topics_.push_back(std::move(permission));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoadedConfig> LoadConfig(const std::string& path,
                                        Hosting hosting) {
  Schema schema;
  const absl::StatusOr<config::Locations> locations =
      config::LoadYamlFile(path, &schema);
  if (!locations.ok()) return locations.status();
  absl::StatusOr<LoadedConfig> config =
      ConfigReader(schema, *locations).Check(hosting);
  if (!config.ok()) return config;
  absl::StatusOr<std::vector<CheckerOptions>> checkers =
      CheckCheckers(schema, *locations);
  if (!checkers.ok()) return checkers.status();
  config->checkers = *std::move(checkers);
  // One in memory has no errors.
  config->store_place = std::string(
      locations
          ->Error(schema.store().has_etcd() ? "store.etcd" : "store.sqlite", "")
          .message());
  if (!schema.has_admin()) return config;
  absl::StatusOr<Address> admin =
      ReadNamedAddress(*locations, "admin.address", schema.admin().address(),
                       Unix::kRefused, AnyPort::kAllowed);
  if (!admin.ok()) return admin.status();
  if (config->address.has_value() && admin->Overlaps(*config->address)) {
    return locations->Error(
        "admin.address",
        absl::StrCat("overlaps with address, ", config->address->ToString(),
                     "; give each a port, or an address, of its own"));
  }
  if (hosting == Hosting::kStandalone) config->admin = *std::move(admin);
  return config;
}

absl::Status ExamineStoreOf(const LoadedConfig& config) {
  absl::Status status = ExamineStore(config.store);
  if (status.ok()) return status;
  return absl::Status(status.code(),
                      absl::StrCat(config.store_place, status.message()));
}

}  // namespace sluice::policy
