#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "policy/ace/base64url.h"
#include "policy/ace/json.h"
#include "policy/ace/jwe_encrypt.h"
#include "policy/ace/jws_sign.h"
#include "policy/ctl/token_id.h"
#include "policy/ctl/token_request.h"
#include "proxy/base/bytes.h"

namespace sluice::ctl {
namespace {

using ace::Json;

// The `cnf` claim.
absl::StatusOr<Json> MakeConfirmation(const TokenRequest& request) {
  const std::string client_key = request.client_key.ToJson();
  if (!request.encryption_key.has_value()) {
    const absl::StatusOr<Json> jwk = ace::ParseJsonObject(client_key);
    if (!jwk.ok()) return jwk.status();
    return Json{{"jwk", *jwk}};
  }
  const absl::StatusOr<std::string> jwe =
      ace::EncryptJwe(AsBytes(client_key), *request.encryption_key);
  if (!jwe.ok()) return jwe.status();
  return Json{{"jwe", *jwe}};
}

}  // namespace

absl::StatusOr<std::string> MakeJwt(const TokenRequest& request,
                                    const ace::SigningKey& key) {
  Json claims = {
      {"iss", request.issuer},
      {"aud", request.audience},
      {"sub", request.subject},
      {"jti", request.token_id.has_value()
                  ? *request.token_id
                  : ace::Base64UrlEncode(AsBytes(RandomTokenId()))},
      {"iat", request.issued_at},
      {"exp", request.expires_at},
      {"ace_profile", "mqtt_tls"},
  };
  if (request.not_before.has_value()) claims["nbf"] = *request.not_before;
  if (request.scope_json.has_value()) {
    claims["scope"] = ace::Base64UrlEncode(AsBytes(*request.scope_json));
  }
  absl::StatusOr<Json> confirmation = MakeConfirmation(request);
  if (!confirmation.ok()) return confirmation.status();
  claims["cnf"] = *std::move(confirmation);
  return ace::SignJwt(key, claims.dump());
}

}  // namespace sluice::ctl
