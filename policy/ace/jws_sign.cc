#include "policy/ace/jws_sign.h"

#include "absl/strings/str_cat.h"
#include "policy/ace/base64url.h"
#include "policy/ace/json.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

absl::StatusOr<std::string> SignJwt(const SigningKey& key,
                                    absl::string_view payload) {
  Json header = {{"alg", std::string(AlgorithmName(key.algorithm()))},
                 {"typ", "JWT"}};
  if (!key.jwk().kid().empty()) header["kid"] = key.jwk().kid();
  return SignJws(key, header.dump(), payload);
}

absl::StatusOr<std::string> SignJws(const SigningKey& key,
                                    absl::string_view header,
                                    absl::string_view payload) {
  std::string token = absl::StrCat(Base64UrlEncode(AsBytes(header)), ".",
                                   Base64UrlEncode(AsBytes(payload)));
  absl::StatusOr<std::string> signature = key.Sign(AsBytes(token));
  if (!signature.ok()) return signature.status();
  absl::StrAppend(&token, ".", Base64UrlEncode(AsBytes(*signature)));
  return token;
}

}  // namespace sluice::ace
