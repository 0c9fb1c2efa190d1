#include "policy/ace/cwt.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/cbor.h"
#include "policy/ace/cose.h"
#include "policy/ace/cwt_claims.h"
#include "policy/ace/cwt_confirmation.h"
#include "policy/ace/cwt_scope.h"
#include "policy/ace/digest.h"
#include "policy/ace/missing_keys.h"
#include "policy/ace/rejection.h"
#include "policy/ace/secret_bytes.h"

namespace sluice::ace {
namespace {

// A payload that is no claims. One that was encrypted was part of a token.
absl::Status NoClaims(absl::string_view fault, bool encrypted) {
  return RejectedError(encrypted ? Rejection::kInvalid : Rejection::kUnparsable,
                       absl::StrCat("payload: ", fault));
}

// The issuer that `payload`, a map, names; an error where it names none.
absl::StatusOr<const Issuer*> NamedIssuer(const Cbor& payload,
                                          const TokenContext& context) {
  const std::optional<absl::string_view> name =
      AsTextString(FindClaim(payload, CwtClaim::kIss));
  if (!name.has_value()) {
    return InvalidTokenError("iss: missing or not a text string");
  }
  const Issuer* issuer = FindIssuer(context.issuers, *name);
  if (issuer == nullptr) {
    return InvalidTokenError("iss: not a configured issuer");
  }
  return issuer;
}

// Reads a payload that `issuer` vouches for; `bytes` is what it was parsed of.
absl::StatusOr<TokenContents> ReadPayload(const Cbor& payload, ByteView bytes,
                                          const Issuer& issuer, bool encrypted,
                                          const TokenContext& context) {
  absl::StatusOr<Claims> claims = ReadCwtClaims(payload);
  if (!claims.ok()) return claims.status();
  absl::StatusOr<PopKey> pop_key = ReadCwtConfirmation(
      FindClaim(payload, CwtClaim::kCnf),
      ConfirmationContext{context, issuer.name, claims->subject, encrypted});
  if (!pop_key.ok()) return pop_key.status();
  absl::StatusOr<Scope> scope = ReadCwtScope(payload, issuer.profile);
  if (!scope.ok()) return InvalidTokenError(scope.status().message());
  return TokenContents{&issuer, *std::move(claims), *std::move(pop_key),
                       *std::move(scope), Sha256(bytes)};
}

absl::StatusOr<TokenContents> ReadSigned(const CoseMessage& message,
                                         bool encrypted,
                                         const TokenContext& context) {
  const absl::StatusOr<Cbor> payload = ParseCbor(message.unverified_content());
  if (!payload.ok()) return NoClaims(payload.status().message(), encrypted);
  if (payload->type != Cbor::Type::kMap) {
    return NoClaims("not a CBOR map", encrypted);
  }
  // Only to choose the keys.
  const absl::StatusOr<const Issuer*> issuer = NamedIssuer(*payload, context);
  if (!issuer.ok()) return issuer.status();
  if (absl::Status status = VerifySignature(message, **issuer); !status.ok()) {
    return status;
  }
  return ReadPayload(*payload, message.unverified_content(), **issuer,
                     encrypted, context);
}

// What was encrypted, and whose key it was encrypted with: null for one of the
// broker's own.
struct Decrypted {
  SecretBytes plaintext;
  const Issuer* owner;
};

absl::StatusOr<Decrypted> Decrypt(const CoseMessage& message,
                                  const TokenContext& context) {
  std::vector<const Jwk*> keys;
  std::vector<const Issuer*> owners;
  for (const DecryptionKey& key : context.decryption_keys.keys()) {
    keys.push_back(&key.jwk());
    owners.push_back(nullptr);
  }
  if (!message.IsEncryptedForOneOf(keys)) {
    for (const Issuer& issuer : context.issuers) {
      for (const Jwk& key : issuer.keys.keys()) {
        keys.push_back(&key);
        owners.push_back(&issuer);
      }
    }
  }
  size_t used = 0;
  absl::StatusOr<SecretBytes> plaintext = message.Decrypt(keys, &used);
  if (!plaintext.ok()) return plaintext.status();
  return Decrypted{*std::move(plaintext), owners[used]};
}

absl::StatusOr<TokenContents> ReadEncrypted(const CoseMessage& message,
                                            const TokenContext& context) {
  const absl::StatusOr<Decrypted> decrypted = Decrypt(message, context);
  if (!decrypted.ok()) return decrypted.status();
  const absl::StatusOr<Cbor> inner = ParseCbor(decrypted->plaintext.view());
  if (!inner.ok()) {
    return InvalidTokenError(
        absl::StrCat("what is encrypted: ", inner.status().message()));
  }
  if (inner->type != Cbor::Type::kMap) {
    const absl::StatusOr<CoseMessage> nested = CoseMessage::FromCbor(*inner);
    if (!nested.ok()) {
      return InvalidTokenError(
          absl::StrCat("what is encrypted: ", nested.status().message()));
    }
    if (nested->type() == CoseType::kEncrypt0) {
      return InvalidTokenError("what is encrypted: encrypted once more");
    }
    return ReadSigned(*nested, /*encrypted=*/true, context);
  }
  const absl::StatusOr<const Issuer*> issuer = NamedIssuer(*inner, context);
  if (!issuer.ok()) return issuer.status();
  if (decrypted->owner != *issuer) {
    return InvalidTokenError(
        "encrypted, but not with a key of its issuer, nor signed");
  }
  return ReadPayload(*inner, decrypted->plaintext.view(), **issuer,
                     /*encrypted=*/true, context);
}

}  // namespace

absl::StatusOr<TokenContents> ReadCwt(ByteView token,
                                      const TokenContext& context) {
  const absl::StatusOr<CoseMessage> message = CoseMessage::Parse(token);
  if (!message.ok()) return message.status();
  return message->type() == CoseType::kEncrypt0
             ? ReadEncrypted(*message, context)
             : ReadSigned(*message, /*encrypted=*/false, context);
}

}  // namespace sluice::ace
