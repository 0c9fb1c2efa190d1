#include "policy/server/issuer_config.h"

#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/jwk.h"
#include "policy/http/https_url.h"
#include "policy/server/named_keys.h"
#include "proto/timestamp.h"
#include "proxy/config/named_file.h"

namespace sluice::policy {
namespace {

using Schema = ::sluice::config::v1::PolicyConfig;
using ::sluice::config::ElementPath;
using ::sluice::config::FieldPath;
using ::sluice::config::kRequired;
using ::sluice::config::ReadNamedSecret;

constexpr absl::Duration kMinCacheTtl = absl::Seconds(1);
constexpr absl::Duration kMaxCacheTtl = absl::Hours(1);

// One issuer, at `path`.
class IssuerChecker {
 public:
  IssuerChecker(const Schema::Issuer& issuer, std::string path,
                const config::Locations& locations, bool forgets,
                std::vector<std::string>* warnings)
      : issuer_(issuer),
        path_(std::move(path)),
        locations_(locations),
        forgets_(forgets),
        warnings_(*warnings) {}

  absl::Status Check(ace::TokenVerifier::Options* options,
                     IssuerSettings* settings);

 private:
  absl::StatusOr<ace::Issuer> CheckKeys(IssuerSettings* settings);
  absl::StatusOr<JwksSource> CheckJwksUrl() const;
  absl::StatusOr<IntrospectionEndpoint> CheckIntrospection() const;
  absl::Status CheckClient(IntrospectionEndpoint* endpoint) const;
  absl::Status CheckClientCertificate(IntrospectionEndpoint* endpoint) const;
  absl::Status CheckUrl(const std::string& path, const std::string& url) const;
  ace::Profile ProfileOfTokens();

  std::string Field(absl::string_view name) const {
    return FieldPath(path_, name);
  }
  std::string IntrospectionField(absl::string_view name) const {
    return FieldPath(Field("introspection"), name);
  }
  absl::Status Error(absl::string_view path, absl::string_view problem) const {
    return locations_.Error(path, problem);
  }

  const Schema::Issuer& issuer_;
  const std::string path_;
  const config::Locations& locations_;
  const bool forgets_;  // a restart does, what the store holds
  std::vector<std::string>& warnings_;
};

absl::Status IssuerChecker::Check(ace::TokenVerifier::Options* options,
                                  IssuerSettings* settings) {
  if (issuer_.issuer().empty()) return Error(Field("issuer"), kRequired);
  if (issuer_.has_introspection()) {
    absl::StatusOr<IntrospectionEndpoint> endpoint = CheckIntrospection();
    if (!endpoint.ok()) return endpoint.status();
    settings->introspection.push_back(*std::move(endpoint));
  }
  absl::StatusOr<ace::Issuer> issuer = CheckKeys(settings);
  if (!issuer.ok()) return issuer.status();
  options->issuers.push_back(*std::move(issuer));
  // All else having been checked, what the verifier minds is in these keys.
  const absl::Status usable = ace::TokenVerifier::Create(*options).status();
  if (!usable.ok()) {
    return Error(Field("jwks_file"),
                 absl::StrCat(issuer_.jwks_file(), ": ", usable.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<ace::Issuer> IssuerChecker::CheckKeys(IssuerSettings* settings) {
  ace::Issuer issuer;
  issuer.name = issuer_.issuer();
  issuer.profile = ProfileOfTokens();
  if (issuer_.has_introspection()) {
    issuer.introspection_url = issuer_.introspection().url();
  }
  if (locations_.Contains(Field("jwks_url"))) {
    absl::StatusOr<JwksSource> source = CheckJwksUrl();
    if (!source.ok()) return source.status();
    settings->jwks.push_back(*std::move(source));
    issuer.key_source = ace::KeySource::kPending;
    return issuer;
  }
  for (const char* field : {"jwks_refresh", "ca"}) {
    if (locations_.Contains(Field(field))) {
      return Error(Field(field), "only with jwks_url");
    }
  }
  // Whose every token is a reference needs no keys.
  const bool has_file = locations_.Contains(Field("jwks_file"));
  if (!has_file && !issuer_.has_introspection()) {
    return Error(path_,
                 "one of jwks_file, jwks_url and introspection is "
                 "required");
  }
  if (has_file) {
    absl::StatusOr<ace::JwkSet> keys = ReadNamedJwks<ace::JwkSet>(
        locations_, Field("jwks_file"), issuer_.jwks_file(), &warnings_);
    if (!keys.ok()) return keys.status();
    issuer.keys = *std::move(keys);
  }
  return issuer;
}

absl::StatusOr<JwksSource> IssuerChecker::CheckJwksUrl() const {
  JwksSource source;
  source.issuer = issuer_.issuer();
  source.url = issuer_.jwks_url();
  if (absl::Status s = CheckUrl(Field("jwks_url"), source.url); !s.ok()) {
    return s;
  }
  if (issuer_.has_jwks_refresh()) {
    source.refresh = FromProtoDuration(issuer_.jwks_refresh());
    if (source.refresh < JwksSource::kMinRefresh ||
        source.refresh > JwksSource::kMaxRefresh) {
      return Error(Field("jwks_refresh"), "expected a duration from 1s to 24h");
    }
  }
  if (locations_.Contains(Field("ca"))) {
    absl::StatusOr<std::string> ca = ReadNamedCertificates(
        locations_, Field("ca"), issuer_.ca(), CertificateUse::kTrusted);
    if (!ca.ok()) return ca.status();
    source.ca = *std::move(ca);
  }
  return source;
}

absl::StatusOr<IntrospectionEndpoint> IssuerChecker::CheckIntrospection()
    const {
  const Schema::Introspection& schema = issuer_.introspection();
  IntrospectionEndpoint endpoint;
  endpoint.issuer = issuer_.issuer();
  endpoint.url = schema.url();
  absl::Status status = CheckUrl(IntrospectionField("url"), schema.url());
  if (status.ok()) status = CheckClient(&endpoint);
  if (!status.ok()) return status;
  const std::string ca_path = IntrospectionField("ca");
  if (locations_.Contains(ca_path)) {
    absl::StatusOr<std::string> ca = ReadNamedCertificates(
        locations_, ca_path, schema.ca(), CertificateUse::kTrusted);
    if (!ca.ok()) return ca.status();
    endpoint.ca = *std::move(ca);
  }
  if (schema.format() == Schema::Introspection::FORMAT_ACE_JSON) {
    endpoint.client.format = ace::IntrospectionFormat::kAceJson;
  } else if (schema.format() == Schema::Introspection::FORMAT_ACE_CBOR) {
    endpoint.client.format = ace::IntrospectionFormat::kAceCbor;
  }
  if (schema.has_cache_ttl()) {
    endpoint.cache_ttl = FromProtoDuration(schema.cache_ttl());
    if (endpoint.cache_ttl < kMinCacheTtl ||
        endpoint.cache_ttl > kMaxCacheTtl) {
      return Error(IntrospectionField("cache_ttl"),
                   "expected a duration from 1s to 1h");
    }
  }
  return endpoint;
}

// How the broker shows the server who it is: by a secret, a certificate, both,
// or not at all.
absl::Status IssuerChecker::CheckClient(IntrospectionEndpoint* endpoint) const {
  const Schema::Introspection& schema = issuer_.introspection();
  if (absl::Status s = CheckClientCertificate(endpoint); !s.ok()) return s;
  ace::IntrospectionClient& client = endpoint->client;
  client.id = schema.client_id();
  if (schema.client_auth() == Schema::Introspection::CLIENT_AUTH_POST) {
    client.authentication = ace::ClientAuthentication::kPost;
  }
  const std::string secret_path = IntrospectionField("client_secret_file");
  const bool has_secret = locations_.Contains(secret_path);
  const bool has_certificate = !endpoint->certificate.empty();
  if (client.id.empty() && (has_secret || has_certificate)) {
    return Error(IntrospectionField("client_id"), kRequired);
  }
  if (has_secret) {
    const absl::StatusOr<SecretString> secret =
        ReadNamedSecret(locations_, secret_path, schema.client_secret_file());
    if (!secret.ok()) return secret.status();
    client.secret = secret->str();
  } else if (has_certificate) {
    client.authentication = ace::ClientAuthentication::kTls;
  } else if (!client.id.empty()) {
    return Error(secret_path, kRequired);
  }
  return absl::OkStatus();
}

absl::Status IssuerChecker::CheckClientCertificate(
    IntrospectionEndpoint* endpoint) const {
  const Schema::Introspection& schema = issuer_.introspection();
  const std::string certificate_path = IntrospectionField("certificate");
  const std::string key_path = IntrospectionField("private_key");
  if (!locations_.Contains(certificate_path) &&
      !locations_.Contains(key_path)) {
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> certificate =
      ReadNamedCertificates(locations_, certificate_path, schema.certificate(),
                            CertificateUse::kShown);
  if (!certificate.ok()) return certificate.status();
  absl::StatusOr<SecretString> private_key = ReadNamedPrivateKey(
      locations_, key_path, schema.private_key(), *certificate);
  if (!private_key.ok()) return private_key.status();
  endpoint->certificate = *std::move(certificate);
  endpoint->private_key = *std::move(private_key);
  return absl::OkStatus();
}

absl::Status IssuerChecker::CheckUrl(const std::string& path,
                                     const std::string& url) const {
  if (url.empty()) return Error(path, kRequired);
  const absl::Status status = http::CheckHttpsUrl(url);
  return status.ok() ? status : Error(path, status.message());
}

ace::Profile IssuerChecker::ProfileOfTokens() {
  if (issuer_.profile() != Schema::Issuer::PROFILE_DRAFT_01) {
    return ace::Profile::kRfc9431;
  }
  warnings_.push_back(absl::StrCat(
      Field("profile"), ": ", Draft01Warning(issuer_.issuer()),
      forgets_ ? "; and in store.memory a restart forgets which have been used"
               : ""));
  return ace::Profile::kDraft01;
}

}  // namespace

std::string Draft01Warning(absl::string_view issuer) {
  return absl::StrCat(
      "the tokens of ", issuer,
      " are taken with the proofs of draft-01, which are not bound to the TLS "
      "session: whoever gets to see one may be able to use it");
}

absl::Status CheckIssuers(const Schema& schema,
                          const config::Locations& locations,
                          ace::TokenVerifier::Options* options,
                          IssuerSettings* settings,
                          std::vector<std::string>* warnings) {
  const auto store = schema.store().backend_case();
  const bool forgets =
      store != Schema::Store::kSqlite && store != Schema::Store::kEtcd;
  absl::flat_hash_set<std::string> names;
  for (int i = 0; i < schema.issuers_size(); ++i) {
    const Schema::Issuer& issuer = schema.issuers(i);
    const std::string path = ElementPath("issuers", i);
    if (!names.insert(issuer.issuer()).second && !issuer.issuer().empty()) {
      return locations.Error(FieldPath(path, "issuer"),
                             "stands here for the second time");
    }
    const absl::Status status =
        IssuerChecker(issuer, path, locations, forgets, warnings)
            .Check(options, settings);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace sluice::policy
