#include "policy/ctl/token_file.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
#include "policy/ace/cbor.h"
#include "policy/ace/claims.h"
#include "policy/ace/cose.h"
#include "policy/ace/cwt_claims.h"
#include "policy/ace/json.h"
#include "policy/ace/jws.h"
#include "policy/ace/jwt_claims.h"
#include "policy/ace/token_format.h"
#include "policy/ctl/files.h"
#include "proxy/base/bytes.h"

namespace sluice::ctl {
namespace {

constexpr char kEncrypted[] =
    "an encrypted token: give its id, or revoke its subject or key";

absl::StatusOr<TokenFacts> ToFacts(const absl::StatusOr<ace::Claims>& claims,
                                   absl::string_view issuer) {
  if (!claims.ok()) return claims.status();
  return TokenFacts{claims->token_id, std::string(issuer), claims->expires_at};
}

absl::StatusOr<TokenFacts> ReadJwt(absl::string_view token) {
  const absl::StatusOr<ace::Jws> jws = ace::Jws::Parse(token);
  if (!jws.ok()) return jws.status();
  const absl::StatusOr<ace::Json> payload =
      ace::ParseJsonObject(jws->unverified_payload());
  if (!payload.ok()) return payload.status();
  const std::string* issuer = ace::AsText(ace::FindMember(*payload, "iss"));
  return ToFacts(ace::ReadJwtClaims(*payload),
                 issuer == nullptr ? "" : *issuer);
}

absl::StatusOr<TokenFacts> ReadCwt(absl::string_view token) {
  const absl::StatusOr<ace::CoseMessage> message =
      ace::CoseMessage::Parse(AsBytes(token));
  if (!message.ok()) return message.status();
  if (message->type() == ace::CoseType::kEncrypt0) {
    return absl::FailedPreconditionError(kEncrypted);
  }
  const absl::StatusOr<ace::Cbor> payload =
      ace::ParseCbor(message->unverified_content());
  if (!payload.ok()) return payload.status();
  return ToFacts(
      ace::ReadCwtClaims(*payload),
      ace::AsTextString(ace::FindClaim(*payload, ace::CwtClaim::kIss))
          .value_or(""));
}

absl::StatusOr<TokenFacts> ReadContents(absl::string_view contents) {
  const absl::string_view text = absl::StripAsciiWhitespace(contents);
  switch (ace::ClassifyToken(AsBytes(text))) {
    case ace::TokenFormat::kJws:
      return ReadJwt(text);
    case ace::TokenFormat::kJwe:
      return absl::FailedPreconditionError(kEncrypted);
    default:
      break;
  }
  const std::string binary =
      ace::Base64UrlDecode(text).value_or(std::string(contents));
  if (ace::ClassifyToken(AsBytes(binary)) == ace::TokenFormat::kCose) {
    return ReadCwt(binary);
  }
  return absl::FailedPreconditionError("neither a JWT nor a CWT");
}

}  // namespace

absl::StatusOr<TokenFacts> ReadTokenFile(const std::string& path) {
  const absl::StatusOr<std::string> contents = ReadFile(path);
  if (!contents.ok()) return contents.status();
  absl::StatusOr<TokenFacts> facts = ReadContents(*contents);
  if (facts.ok() && facts->token_id.empty()) {
    facts = absl::FailedPreconditionError(
        "a token without an id: revoke its subject or key");
  }
  if (!facts.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": ", facts.status().message()));
  }
  return facts;
}

}  // namespace sluice::ctl
