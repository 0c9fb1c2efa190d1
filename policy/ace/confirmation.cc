#include "policy/ace/confirmation.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/ace/claims.h"

namespace sluice::ace {

absl::StatusOr<PopKey> ToPopKey(absl::string_view member,
                                absl::StatusOr<Jwk> key) {
  if (!key.ok()) return ClaimError(member, key.status().message());
  absl::StatusOr<PopKey> pop_key = PopKey::FromJwk(*std::move(key));
  if (!pop_key.ok()) {
    return ClaimError(member, pop_key.status().message());
  }
  return pop_key;
}

absl::StatusOr<PopKey> ToPopKeyInClear(absl::string_view member,
                                       absl::StatusOr<Jwk> key,
                                       const ConfirmationContext& context) {
  if (key.ok() && key->type() == KeyType::kSymmetric && !context.encrypted) {
    return ClaimError(member, "a symmetric key in clear");
  }
  return ToPopKey(member, std::move(key));
}

absl::StatusOr<PopKey> ToPopKeyDecrypted(absl::string_view member,
                                         absl::StatusOr<Jwk> key) {
  if (key.ok() && key->type() != KeyType::kSymmetric) {
    return ClaimError(member, "the key inside is not symmetric");
  }
  return ToPopKey(absl::StrCat(member, ", the key inside"), std::move(key));
}

absl::StatusOr<PopKey> WithNameBeside(absl::StatusOr<PopKey> key,
                                      std::optional<absl::string_view> kid) {
  if (!key.ok() || !kid.has_value() || kid->empty()) return key;
  return key->WithKid(*kid);
}

absl::StatusOr<PopKey> FindKnownKey(absl::string_view kid,
                                    const ConfirmationContext& context) {
  if (context.subject.empty()) {
    return ClaimError("cnf.kid", "a name alone needs a sub, whose it is");
  }
  std::optional<PopKey> key;
  if (context.token.known_keys != nullptr) {
    absl::StatusOr<std::optional<PopKey>> found =
        context.token.known_keys->FindByKid(context.issuer, context.subject,
                                            kid, context.token.now);
    if (!found.ok()) return found.status();
    key = *std::move(found);
  }
  if (!key.has_value()) {
    return ClaimError("cnf.kid", "the name of no known key of the subject");
  }
  return *std::move(key);
}

}  // namespace sluice::ace
