#include "test/policy/testing/test_issuer.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "policy/ace/base64url.h"
#include "policy/ace/jwe.h"
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
                 {"sub", options.subject},
                 {"jti", options.token_id},
                 {"exp", absl::ToUnixSeconds(options.expires_at)},
                 {"cnf", Confirmation(client, encryption_key_)}};
  if (!options.scope.empty()) {
    claims["scope"] = ace::Base64UrlEncode(AsBytes(options.scope));
  }
  return Require(ace::SignJwt(key_, claims.dump()));
}

std::string TestIssuer::PublicJwks() const { return Jwks(key_.jwk().ToJson()); }

std::string TestIssuer::DecryptionJwks() const {
  return Jwks(encryption_key_.ToPrivateJson());
}

ace::TokenVerifier TestIssuer::Verifier() const {
  ace::TokenVerifier::Options options;
  const TokenOptions defaults;
  options.audience = defaults.audience;
  options.clock_skew = absl::ZeroDuration();
  options.issuers.push_back({defaults.issuer, ace::Profile::kRfc9431,
                             Require(ace::JwkSet::Parse(PublicJwks()))});
  options.decryption_keys =
      Require(ace::DecryptionKeySet::Parse(DecryptionJwks()));
  return Require(ace::TokenVerifier::Create(std::move(options)));
}

}  // namespace sluice::policy
