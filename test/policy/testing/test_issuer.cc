#include "test/policy/testing/test_issuer.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "policy/ace/base64url.h"
#include "policy/ace/jwe_encrypt.h"
#include "policy/ace/jws_sign.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

using Json = ::nlohmann::json;

template <typename T>
T Require(absl::StatusOr<T> value) {
  if (value.ok()) return *std::move(value);
  std::fprintf(stderr, "test_issuer: %s\n", value.status().ToString().c_str());
  std::abort();
}

// An element of DER.
std::string Der(int tag, const std::string& contents) {
  std::string length(1, static_cast<char>(contents.size()));
  if (contents.size() > 127) length.insert(0, 1, '\x81');
  return absl::StrCat(std::string(1, static_cast<char>(tag)), length, contents);
}

std::string Jwks(const std::string& key) {
  return absl::StrCat(R"({"keys":[)", key, "]}");
}

Json Confirmation(const ace::SigningKey& client,
                  const ace::SigningKey& encryption_key) {
  if (client.algorithm() != ace::Algorithm::kHs256) {
    return {{"jwk", Json::parse(client.jwk().ToJson())}};
  }
  return {{"jwe", Require(ace::EncryptJwe(AsBytes(client.ToPrivateJson()),
                                          encryption_key.jwk()))}};
}

}  // namespace

ace::SigningKey NewKey(ace::Algorithm algorithm) {
  return Require(ace::SigningKey::Generate(algorithm));
}

std::string CertificateOf(const ace::SigningKey& key) {
  const ace::Key& public_key = key.jwk().key();
  const std::string x(AsString(public_key.x()));
  const std::string y(AsString(public_key.y()));
  // RFC 8410 section 3 and RFC 5480 section 2.1.1.
  const std::string algorithm =
      key.algorithm() == ace::Algorithm::kEdDsa
          ? Der(0x06, "\x2b\x65\x70")
          : Der(0x06, "\x2a\x86\x48\xce\x3d\x02\x01") +
                Der(0x06, "\x2a\x86\x48\xce\x3d\x03\x01\x07");
  const std::string point =
      key.algorithm() == ace::Algorithm::kEdDsa ? x : "\x04" + x + y;
  const std::string public_key_info =
      Der(0x30, Der(0x30, algorithm) + Der(0x03, std::string(1, '\0') + point));
  const std::string empty = Der(0x30, "");
  const std::string body =
      Der(0x30, Der(0xA0, Der(0x02, "\x02")) + Der(0x02, "\x01") + empty +
                    empty + empty + empty + public_key_info);
  return Der(0x30, body + empty + Der(0x03, std::string(1, '\0')));
}

std::string Sign(const ace::SigningKey& key, absl::string_view content) {
  return Require(key.Sign(AsBytes(content)));
}

TestIssuer::TestIssuer()
    : key_(NewKey(ace::Algorithm::kEdDsa)),
      encryption_key_(NewKey(ace::Algorithm::kHs256)) {}

std::string TestIssuer::Token(const ace::SigningKey& client,
                              const TokenOptions& options) const {
  Json claims = {{"iss", options.issuer},
                 {"aud", options.audience},
                 {"sub", options.subject}};
  if (!options.token_id.empty()) claims["jti"] = options.token_id;
  if (options.lifetime > absl::ZeroDuration()) {
    claims["exi"] = absl::ToInt64Seconds(options.lifetime);
  }
  if (options.lifetime == absl::ZeroDuration() || options.exp_too) {
    claims["exp"] = absl::ToUnixSeconds(options.expires_at);
  }
  if (options.certificate_hash.empty()) {
    claims["cnf"] = Confirmation(client, encryption_key_);
  } else {
    claims["cnf"] = {{"x5t#S256", options.certificate_hash}};
  }
  if (options.issued_at != absl::Time()) {
    claims["iat"] = absl::ToUnixSeconds(options.issued_at);
  }
  if (!options.client_nonce.empty()) {
    claims["cnonce"] = ace::Base64UrlEncode(AsBytes(options.client_nonce));
  }
  if (options.kid_alone) claims["cnf"] = Json::object();
  if (options.kid_alone || !options.kid.empty()) {
    claims["cnf"]["kid"] = options.kid;
  }
  if (!options.raw_scope.empty()) {
    claims["scope"] = options.raw_scope;
  } else if (!options.scope.empty()) {
    claims["scope"] = ace::Base64UrlEncode(AsBytes(options.scope));
  }
  return Require(ace::SignJwt(key_, claims.dump()));
}

std::string TestIssuer::PublicJwks() const { return Jwks(key_.jwk().ToJson()); }

std::string TestIssuer::DecryptionJwks() const {
  return Jwks(encryption_key_.ToPrivateJson());
}

ace::TokenVerifier TestIssuer::Verifier(ace::Profile profile) const {
  return Require(ace::TokenVerifier::Create(VerifierOptions(profile)));
}

ace::TokenVerifier TestIssuer::PendingVerifier() const {
  ace::TokenVerifier::Options options = VerifierOptions(ace::Profile::kRfc9431);
  options.issuers.front().keys = ace::JwkSet();
  options.issuers.front().key_source = ace::KeySource::kPending;
  return Require(ace::TokenVerifier::Create(std::move(options)));
}

ace::TokenVerifier TestIssuer::FetchedVerifier(ace::JwkSet keys) const {
  ace::TokenVerifier::Options options = VerifierOptions(ace::Profile::kRfc9431);
  options.issuers.front().keys = std::move(keys);
  options.issuers.front().key_source = ace::KeySource::kFetched;
  return Require(ace::TokenVerifier::Create(std::move(options)));
}

ace::TokenVerifier TestIssuer::VerifierWith(
    const std::string& another_issuer) const {
  ace::TokenVerifier::Options options = VerifierOptions(ace::Profile::kRfc9431);
  options.issuers.push_back(options.issuers.front());
  options.issuers.back().name = another_issuer;
  return Require(ace::TokenVerifier::Create(std::move(options)));
}

ace::TokenVerifier::Options TestIssuer::VerifierOptions(
    ace::Profile profile) const {
  ace::TokenVerifier::Options options;
  const TokenOptions defaults;
  options.audience = defaults.audience;
  options.clock_skew = absl::ZeroDuration();
  options.issuers.push_back(
      {defaults.issuer, profile, Require(ace::JwkSet::Parse(PublicJwks()))});
  options.decryption_keys =
      Require(ace::DecryptionKeySet::Parse(DecryptionJwks()));
  return options;
}

}  // namespace sluice::policy
