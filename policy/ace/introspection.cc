#include "policy/ace/introspection.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/cbor.h"
#include "policy/ace/cbor_writer.h"
#include "policy/ace/confirmation.h"
#include "policy/ace/cwt_claims.h"
#include "policy/ace/cwt_confirmation.h"
#include "policy/ace/cwt_scope.h"
#include "policy/ace/json.h"
#include "policy/ace/jwt_claims.h"
#include "policy/ace/jwt_confirmation.h"
#include "policy/ace/rejection.h"
#include "policy/ace/scope.h"
#include "proxy/mqtt/utf8.h"

namespace sluice::ace {
namespace {

constexpr char kFormType[] = "application/x-www-form-urlencoded";
constexpr char kJsonType[] = "application/json";
constexpr char kAceJsonType[] = "application/ace+json";
constexpr char kAceCborType[] = "application/ace+cbor";

// Keys of the messages in CBOR (RFC 9200 sections 5.8.5 and 5.9.5) that are no
// claims.
constexpr int64_t kActiveKey = 10;
constexpr int64_t kTokenKey = 11;
constexpr int64_t kClientIdKey = 24;
constexpr int64_t kClientSecretKey = 25;

// The token would outlive what a Timestamp holds; no answer is kept so long.
constexpr absl::Duration kMaxAge = absl::Hours(24 * 365);

absl::Status NoAnswer(absl::string_view fault) {
  return absl::UnavailableError(
      absl::StrCat("the authorization server's answer: ", fault));
}

// application/x-www-form-urlencoded, without its "+" for a space.
std::string FormEncode(absl::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' ||
        c == '.' || c == '_' || c == '*') {
      encoded += c;
    } else {
      const auto byte = static_cast<uint8_t>(c);
      encoded += {'%', kHex[byte >> 4], kHex[byte & 0xF]};
    }
  }
  return encoded;
}

std::string BasicAuthorization(const IntrospectionClient& client) {
  return absl::StrCat(
      "Basic ", absl::Base64Escape(absl::StrCat(FormEncode(client.id), ":",
                                                FormEncode(client.secret))));
}

// Whether the client is named in the body, and its secret told there.
bool PostsId(const IntrospectionClient& client) {
  return client.authentication != ClientAuthentication::kBasic &&
         !client.id.empty();
}
bool PostsSecret(const IntrospectionClient& client) {
  return client.authentication == ClientAuthentication::kPost &&
         !client.id.empty();
}

std::string FormBody(const IntrospectionClient& client,
                     absl::string_view token) {
  std::string body = absl::StrCat("token=", FormEncode(token));
  if (PostsId(client)) {
    absl::StrAppend(&body, "&client_id=", FormEncode(client.id));
  }
  if (PostsSecret(client)) {
    absl::StrAppend(&body, "&client_secret=", FormEncode(client.secret));
  }
  return body;
}

std::string JsonBody(const IntrospectionClient& client,
                     absl::string_view token) {
  Json body = {{"token", std::string(token)}};
  if (PostsId(client)) body.emplace("client_id", client.id);
  if (PostsSecret(client)) body.emplace("client_secret", client.secret);
  // What is not UTF-8 in a secret cannot be said in JSON.
  return body.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string CborBody(const IntrospectionClient& client, ByteView token) {
  CborWriter body;
  body.Map(1 + PostsId(client) + PostsSecret(client));
  body.Integer(kTokenKey).Bytes(token);
  if (PostsId(client)) body.Integer(kClientIdKey).Text(client.id);
  if (PostsSecret(client)) {
    body.Integer(kClientSecretKey).Bytes(AsBytes(client.secret));
  }
  return body.bytes();
}

// When a token without an `exp` ends, in whole seconds, since that is how the
// readers of claims take it.
int64_t EndInSeconds(absl::Time end) {
  return absl::ToUnixSeconds(end + absl::Seconds(1));
}

// What the `cnf` of an active token with those claims is read with. Its strings
// are theirs.
ConfirmationContext ContextOf(const absl::StatusOr<Claims>& claims,
                              const Issuer& issuer,
                              const TokenContext& context) {
  return ConfirmationContext{
      context, issuer.name,
      claims.ok() ? absl::string_view(claims->subject) : absl::string_view(),
      /*encrypted=*/true};
}

// Puts together what was read of an active token.
absl::StatusOr<IntrospectionAnswer> ToAnswer(const Issuer& issuer,
                                             absl::StatusOr<Claims> claims,
                                             absl::StatusOr<PopKey> pop_key,
                                             absl::StatusOr<Scope> scope,
                                             std::optional<absl::Time> end) {
  if (!claims.ok()) return claims.status();
  if (!pop_key.ok()) return pop_key.status();
  if (!scope.ok()) return InvalidTokenError(scope.status().message());
  if (end.has_value()) claims->expires_at = *end;
  return IntrospectionAnswer{
      TokenContents{&issuer, *std::move(claims), *std::move(pop_key),
                    *std::move(scope)},
      !end.has_value()};
}

absl::StatusOr<Scope> ReadJsonScope(const Json& answer, Profile profile) {
  const Json* value = FindMember(answer, "scope");
  if (value == nullptr) return Scope();
  const std::string* text = AsText(value);
  if (profile == Profile::kDraft01) {
    if (text == nullptr) return absl::InvalidArgumentError("scope: not text");
    return ParseDraft01Scope(*text);
  }
  return text != nullptr ? ParseAifScope(*text)
                         : ParseAifScopeJson(value->dump());
}

absl::StatusOr<IntrospectionAnswer> ReadJson(ByteView body,
                                             const Issuer& issuer,
                                             const TokenContext& context,
                                             absl::Time default_end) {
  absl::StatusOr<Json> answer = ParseJsonObject(AsString(body));
  if (!answer.ok()) return NoAnswer(answer.status().message());
  const auto wipe = absl::MakeCleanup([&answer] { CleanseStrings(*answer); });
  const Json* active = FindMember(*answer, "active");
  if (active == nullptr || !active->is_boolean()) {
    return NoAnswer("active: missing or not a boolean");
  }
  if (*active == false) return InvalidTokenError("the token is not active");
  if (const Json* iss = FindMember(*answer, "iss")) {
    const std::string* name = AsText(iss);
    if (name == nullptr || *name != issuer.name) {
      return InvalidTokenError("iss: not the issuer that was asked");
    }
  }
  std::optional<absl::Time> end;
  if (FindMember(*answer, "exp") == nullptr &&
      FindMember(*answer, "exi") == nullptr) {
    end = default_end;
    answer->emplace("exp", uint64_t(EndInSeconds(default_end)));
  }
  absl::StatusOr<Claims> claims = ReadJwtClaims(*answer);
  absl::StatusOr<PopKey> pop_key = ReadJwtConfirmation(
      FindMember(*answer, "cnf"), ContextOf(claims, issuer, context));
  return ToAnswer(issuer, std::move(claims), std::move(pop_key),
                  ReadJsonScope(*answer, issuer.profile), end);
}

absl::StatusOr<IntrospectionAnswer> ReadCbor(ByteView body,
                                             const Issuer& issuer,
                                             const TokenContext& context,
                                             absl::Time default_end) {
  absl::StatusOr<Cbor> answer = ParseCbor(body);
  if (!answer.ok()) return NoAnswer(answer.status().message());
  const Cbor* active =
      answer->type == Cbor::Type::kMap ? FindKey(*answer, kActiveKey) : nullptr;
  if (active == nullptr || active->type != Cbor::Type::kBoolean) {
    return NoAnswer("active: missing or not a boolean");
  }
  if (active->argument == 0) {
    return InvalidTokenError("the token is not active");
  }
  if (const Cbor* iss = FindClaim(*answer, CwtClaim::kIss)) {
    if (AsTextString(iss) != absl::string_view(issuer.name)) {
      return InvalidTokenError("iss: not the issuer that was asked");
    }
  }
  std::optional<absl::Time> end;
  if (FindClaim(*answer, CwtClaim::kExp) == nullptr &&
      FindClaim(*answer, CwtClaim::kExi) == nullptr) {
    end = default_end;
    Cbor key;
    key.type = Cbor::Type::kUnsigned;
    key.argument = static_cast<uint64_t>(CwtClaim::kExp);
    Cbor value = key;
    value.argument = static_cast<uint64_t>(EndInSeconds(default_end));
    answer->items.push_back(std::move(key));
    answer->items.push_back(std::move(value));
  }
  absl::StatusOr<Claims> claims = ReadCwtClaims(*answer);
  absl::StatusOr<PopKey> pop_key = ReadCwtConfirmation(
      FindClaim(*answer, CwtClaim::kCnf), ContextOf(claims, issuer, context));
  return ToAnswer(issuer, std::move(claims), std::move(pop_key),
                  ReadCwtScope(*answer, issuer.profile), end);
}

}  // namespace

absl::StatusOr<IntrospectionRequest> WriteIntrospectionRequest(
    const IntrospectionClient& client, ByteView token) {
  if (token.empty()) {
    return UnparsableTokenError("the token is empty");
  }
  if (client.format == IntrospectionFormat::kAceJson &&
      !mqtt::IsValidUtf8(AsString(token))) {
    return UnparsableTokenError("a reference that is not UTF-8");
  }
  IntrospectionRequest request;
  switch (client.format) {
    case IntrospectionFormat::kForm:
      request.content_type = kFormType;
      request.accept = kJsonType;
      request.body = FormBody(client, AsString(token));
      break;
    case IntrospectionFormat::kAceJson:
      request.content_type = request.accept = kAceJsonType;
      request.body = JsonBody(client, AsString(token));
      break;
    case IntrospectionFormat::kAceCbor:
      request.content_type = request.accept = kAceCborType;
      request.body = CborBody(client, token);
      break;
  }
  if (client.authentication == ClientAuthentication::kBasic &&
      !client.id.empty()) {
    request.authorization = BasicAuthorization(client);
  }
  return request;
}

absl::StatusOr<IntrospectionAnswer> ReadIntrospectionAnswer(
    IntrospectionFormat format, ByteView body, const Issuer& issuer,
    const TokenContext& context, absl::Duration max_age) {
  const absl::Time default_end = context.now + std::min(max_age, kMaxAge);
  return format == IntrospectionFormat::kAceCbor
             ? ReadCbor(body, issuer, context, default_end)
             : ReadJson(body, issuer, context, default_end);
}

}  // namespace sluice::ace
