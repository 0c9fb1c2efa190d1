#include "policy/server/config.h"

#include <sys/un.h>

#include <algorithm>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/decryption_key.h"
#include "policy/ace/jwk.h"
#include "policy/server/files.h"
#include "policy/server/pem.h"
#include "policy/server/store_config.h"
#include "proto/sluice/config/v1/policy.pb.h"
#include "proxy/config/duration.h"
#include "proxy/config/locations.h"
#include "proxy/config/yaml_message.h"
#include "proxy/mqtt/topic.h"

namespace sluice::policy {
namespace {

using Schema = ::sluice::config::v1::PolicyConfig;
using ::sluice::config::ElementPath;
using ::sluice::config::FieldPath;

constexpr absl::Duration kDefaultClockSkew = absl::Seconds(30);
constexpr absl::Duration kMaxClockSkew = absl::Hours(1);
constexpr absl::Duration kMinCacheTtl = absl::Seconds(1);
constexpr absl::Duration kMaxCacheTtl = absl::Hours(1);

constexpr char kUnsupported[] = "not supported by this version";
constexpr char kRequired[] = "required, and missing or empty";

// Turns the message that was read into what the service needs, a section a
// function; `locations` words the errors.
class Checker {
 public:
  Checker(const Schema& schema, const config::Locations& locations)
      : schema_(schema), locations_(locations) {}

  absl::StatusOr<LoadedConfig> Check(Hosting hosting);

 private:
  absl::Status CheckAddress(Hosting hosting);
  absl::Status CheckTls();
  absl::Status CheckClaims();
  absl::Status CheckIssuer(int index);
  absl::Status CheckSupported(const std::string& path) const;
  absl::Status CheckIntrospection(const Schema::Issuer& issuer,
                                  const std::string& path);
  absl::Status CheckUrl(const std::string& path, const std::string& url) const;
  ace::Profile ProfileOf(const Schema::Issuer& issuer, const std::string& path);
  absl::Status CheckDecryptionKeys();
  absl::Status CheckPublicTopic(int index);

  absl::Status Error(absl::string_view path, absl::string_view problem) const {
    return locations_.Error(path, problem);
  }
  // The file that the field at `path` names.
  absl::StatusOr<std::string> ReadNamedFile(const std::string& path,
                                            const std::string& name) const;
  // The JWKS in that file: a JwkSet or DecryptionKeySet.
  template <typename KeySet>
  absl::StatusOr<KeySet> ReadJwks(const std::string& path,
                                  const std::string& name);

  const Schema& schema_;
  const config::Locations& locations_;
  std::optional<ListenAddress> address_;
  std::optional<TlsConfig> tls_;
  ace::TokenVerifier::Options options_;
  std::vector<IntrospectionEndpoint> introspection_;
  absl::flat_hash_set<std::string> issuer_names_;
  std::vector<ace::Permission> public_topics_;
  std::vector<std::string> warnings_;
};

absl::StatusOr<LoadedConfig> Checker::Check(Hosting hosting) {
  if (absl::Status s = CheckAddress(hosting); !s.ok()) return s;
  if (absl::Status s = CheckTls(); !s.ok()) return s;
  if (absl::Status s = CheckClaims(); !s.ok()) return s;
  for (int i = 0; i < schema_.issuers_size(); ++i) {
    if (absl::Status s = CheckIssuer(i); !s.ok()) return s;
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
  return LoadedConfig{std::move(address_),       std::move(tls_),
                      *std::move(verifier),      std::move(introspection_),
                      std::move(public_topics_), *std::move(store),
                      std::move(warnings_)};
}

absl::Status Checker::CheckAddress(Hosting hosting) {
  if (schema_.address().empty()) {
    if (hosting == Hosting::kEmbedded) return absl::OkStatus();
    return Error("address", kRequired);
  }
  absl::StatusOr<ListenAddress> address = ParseListenAddress(schema_.address());
  if (!address.ok()) return Error("address", address.status().message());
  if (address->is_unix()) {
    address->unix_path = ResolvePath(locations_.file(), address->unix_path);
    constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;
    if (address->unix_path.size() > kMaxPath) {
      return Error("address", absl::StrCat("the path of a socket has at most ",
                                           kMaxPath, " bytes"));
    }
  }
  address_ = *std::move(address);
  return absl::OkStatus();
}

absl::Status Checker::CheckTls() {
  if (!schema_.has_tls()) return absl::OkStatus();
  TlsConfig tls;
  const struct {
    const char* path;
    const std::string& name;
    std::string* contents;
    bool required;
  } kFiles[] = {
      {"tls.certificate", schema_.tls().certificate(), &tls.certificate, true},
      {"tls.private_key", schema_.tls().private_key(), &tls.private_key, true},
      {"tls.client_ca", schema_.tls().client_ca(), &tls.client_ca, false},
  };
  for (const auto& file : kFiles) {
    if (!file.required && !locations_.Contains(file.path)) continue;
    absl::StatusOr<std::string> contents = ReadNamedFile(file.path, file.name);
    if (!contents.ok()) return contents.status();
    *file.contents = *std::move(contents);
    const absl::Status valid =
        file.contents == &tls.private_key
            ? CheckPrivateKey(tls.private_key, tls.certificate)
            : CheckCertificates(*file.contents);
    if (!valid.ok()) {
      return Error(file.path, absl::StrCat(file.name, ": ", valid.message()));
    }
  }
  tls_ = std::move(tls);
  return absl::OkStatus();
}

absl::Status Checker::CheckClaims() {
  if (schema_.audience().empty()) return Error("audience", kRequired);
  options_.audience = schema_.audience();
  options_.accept_exi = true;  // the store remembers
  options_.clock_skew = schema_.has_clock_skew()
                            ? config::ToDuration(schema_.clock_skew())
                            : kDefaultClockSkew;
  if (options_.clock_skew < absl::ZeroDuration() ||
      options_.clock_skew > kMaxClockSkew) {
    return Error("clock_skew", "expected a duration from 0s to 1h");
  }
  return absl::OkStatus();
}

absl::Status Checker::CheckIssuer(int index) {
  const Schema::Issuer& issuer = schema_.issuers(index);
  const std::string path = ElementPath("issuers", index);
  if (issuer.issuer().empty()) {
    return Error(FieldPath(path, "issuer"), kRequired);
  }
  if (!issuer_names_.insert(issuer.issuer()).second) {
    return Error(FieldPath(path, "issuer"), "stands here for the second time");
  }
  if (absl::Status s = CheckSupported(path); !s.ok()) return s;
  if (absl::Status s = CheckIntrospection(issuer, path); !s.ok()) return s;
  const std::string jwks_path = FieldPath(path, "jwks_file");
  absl::StatusOr<ace::JwkSet> keys = ace::JwkSet();
  // Whose every token is a reference needs no keys.
  if (!issuer.has_introspection() || locations_.Contains(jwks_path)) {
    keys = ReadJwks<ace::JwkSet>(jwks_path, issuer.jwks_file());
  }
  if (!keys.ok()) return keys.status();
  options_.issuers.push_back(
      {issuer.issuer(), ProfileOf(issuer, path), *std::move(keys)});
  // All else having been checked, what the verifier minds is in these keys.
  const absl::Status usable = ace::TokenVerifier::Create(options_).status();
  if (!usable.ok()) {
    return Error(jwks_path,
                 absl::StrCat(issuer.jwks_file(), ": ", usable.message()));
  }
  return absl::OkStatus();
}

// Nothing that the file asks for is left out in silence.
absl::Status Checker::CheckSupported(const std::string& path) const {
  for (const char* field : {"jwks_url", "jwks_refresh"}) {
    const std::string field_path = FieldPath(path, field);
    if (locations_.Contains(field_path)) {
      return Error(field_path, kUnsupported);
    }
  }
  return absl::OkStatus();
}

absl::Status Checker::CheckIntrospection(const Schema::Issuer& issuer,
                                         const std::string& path) {
  if (!issuer.has_introspection()) return absl::OkStatus();
  const Schema::Introspection& schema = issuer.introspection();
  const auto field =
      [at = FieldPath(path, "introspection")](absl::string_view name) {
        return FieldPath(at, name);
      };
  IntrospectionEndpoint endpoint;
  endpoint.issuer = issuer.issuer();
  endpoint.url = schema.url();
  if (absl::Status s = CheckUrl(field("url"), schema.url()); !s.ok()) return s;
  endpoint.client.id = schema.client_id();
  if (locations_.Contains(field("client_secret_file"))) {
    if (schema.client_id().empty()) return Error(field("client_id"), kRequired);
    absl::StatusOr<std::string> secret =
        ReadNamedFile(field("client_secret_file"), schema.client_secret_file());
    if (!secret.ok()) return secret.status();
    // An editor ends a file with a line break.
    endpoint.client.secret =
        std::string(absl::StripTrailingAsciiWhitespace(*secret));
  } else if (!schema.client_id().empty()) {
    return Error(field("client_secret_file"), kRequired);
  }
  if (locations_.Contains(field("ca"))) {
    absl::StatusOr<std::string> ca = ReadNamedFile(field("ca"), schema.ca());
    if (!ca.ok()) return ca.status();
    if (absl::Status s = CheckCertificates(*ca); !s.ok()) {
      return Error(field("ca"), absl::StrCat(schema.ca(), ": ", s.message()));
    }
    endpoint.ca = *std::move(ca);
  }
  if (schema.client_auth() == Schema::Introspection::CLIENT_AUTH_POST) {
    endpoint.client.authentication = ace::ClientAuthentication::kPost;
  }
  if (schema.format() == Schema::Introspection::FORMAT_ACE_JSON) {
    endpoint.client.format = ace::IntrospectionFormat::kAceJson;
  } else if (schema.format() == Schema::Introspection::FORMAT_ACE_CBOR) {
    endpoint.client.format = ace::IntrospectionFormat::kAceCbor;
  }
  if (schema.has_cache_ttl()) {
    endpoint.cache_ttl = config::ToDuration(schema.cache_ttl());
    if (endpoint.cache_ttl < kMinCacheTtl ||
        endpoint.cache_ttl > kMaxCacheTtl) {
      return Error(field("cache_ttl"), "expected a duration from 1s to 1h");
    }
  }
  introspection_.push_back(std::move(endpoint));
  return absl::OkStatus();
}

absl::Status Checker::CheckUrl(const std::string& path,
                               const std::string& url) const {
  if (url.empty()) return Error(path, kRequired);
  constexpr absl::string_view kScheme = "https://";
  const bool printable = std::all_of(url.begin(), url.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  // What stands before an "@" is a secret, or misleads.
  if (!printable || !absl::StartsWithIgnoreCase(url, kScheme) ||
      url.size() == kScheme.size() || absl::StrContains(url, "@")) {
    return Error(path, "expected a URL that begins with https://");
  }
  return absl::OkStatus();
}

ace::Profile Checker::ProfileOf(const Schema::Issuer& issuer,
                                const std::string& path) {
  if (issuer.profile() != Schema::Issuer::PROFILE_DRAFT_01) {
    return ace::Profile::kRfc9431;
  }
  // ACE-D01-7
  warnings_.push_back(absl::StrCat(
      FieldPath(path, "profile"), ": the tokens of ", issuer.issuer(),
      " are taken with the proofs of draft-01, which are not bound to the TLS "
      "session: whoever gets to see one may be able to use it"));
  return ace::Profile::kDraft01;
}

absl::Status Checker::CheckDecryptionKeys() {
  constexpr char kField[] = "decryption_keys_file";
  if (!locations_.Contains(kField)) return absl::OkStatus();
  absl::StatusOr<ace::DecryptionKeySet> keys =
      ReadJwks<ace::DecryptionKeySet>(kField, schema_.decryption_keys_file());
  if (!keys.ok()) return keys.status();
  options_.decryption_keys = *std::move(keys);
  return absl::OkStatus();
}

absl::Status Checker::CheckPublicTopic(int index) {
  const Schema::PublicTopic& topic = schema_.public_topics(index);
  const std::string path = ElementPath("public_topics", index);
  if (topic.filter().empty())
    return Error(FieldPath(path, "filter"), kRequired);
  if (!mqtt::IsValidTopicFilter(topic.filter()) ||
      absl::StartsWith(topic.filter(), "$share/")) {
    return Error(FieldPath(path, "filter"),
                 "expected an MQTT topic filter, not a shared one");
  }
  ace::Permission permission;
  permission.topic_filter = topic.filter();
  for (const int value : topic.permissions()) {
    permission.publish |= value == Schema::PublicTopic::PERMISSION_PUB;
    permission.subscribe |= value == Schema::PublicTopic::PERMISSION_SUB;
  }
  if (!permission.publish && !permission.subscribe) {
    return Error(FieldPath(path, "permissions"), kRequired);
  }
  public_topics_.push_back(std::move(permission));
  return absl::OkStatus();
}

absl::StatusOr<std::string> Checker::ReadNamedFile(
    const std::string& path, const std::string& name) const {
  if (name.empty()) return Error(path, kRequired);
  absl::StatusOr<std::string> contents =
      ReadSmallFile(ResolvePath(locations_.file(), name));
  if (!contents.ok()) return Error(path, contents.status().message());
  return contents;
}

template <typename KeySet>
absl::StatusOr<KeySet> Checker::ReadJwks(const std::string& path,
                                         const std::string& name) {
  const absl::StatusOr<std::string> contents = ReadNamedFile(path, name);
  if (!contents.ok()) return contents.status();
  absl::StatusOr<KeySet> keys = KeySet::Parse(*contents);
  if (!keys.ok()) {
    return Error(path, absl::StrCat(name, ": ", keys.status().message()));
  }
  if (keys->keys().empty()) {
    return Error(path, absl::StrCat(name, ": holds no key of a known type"));
  }
  for (const std::string& skipped : keys->skipped()) {
    warnings_.push_back(absl::StrCat(path, ": ", name, ": ", skipped));
  }
  return keys;
}

}  // namespace

absl::StatusOr<LoadedConfig> LoadConfig(const std::string& path,
                                        Hosting hosting) {
  Schema schema;
  const absl::StatusOr<config::Locations> locations =
      config::LoadYamlFile(path, &schema);
  if (!locations.ok()) return locations.status();
  absl::StatusOr<LoadedConfig> config =
      Checker(schema, *locations).Check(hosting);
  if (!config.ok() || schema.health_address().empty()) return config;
  absl::StatusOr<ListenAddress> health =
      ParseListenAddress(schema.health_address());
  if (!health.ok() || health->is_unix()) {
    return locations->Error("health_address",
                            "expected HOST:PORT (an IPv6 address in brackets)");
  }
  config->health_address = *std::move(health);
  return config;
}

}  // namespace sluice::policy
