#include "policy/service/stored_keys.h"

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "policy/ace/jwk.h"
#include "policy/ace/key.h"

namespace sluice::policy {

// The key is kept in the form that its thumbprint is the hash of. What else a
// JWK says has been checked, and the name, which may be any bytes, is beside.
void KeepKey(const ace::PopKey& key, absl::Time now, TokenRecord* record) {
  if (key.jwk() == nullptr || key.kid().empty()) return;
  record->kid = std::string(key.kid());
  record->key = key.jwk()->key().CanonicalJwk();
  if (key.jwk()->type() == ace::KeyType::kSymmetric) record->named_since = now;
}

absl::StatusOr<ace::PopKey> KeptKey(const TokenRecord& record) {
  const absl::StatusOr<ace::Jwk> jwk = ace::Jwk::Parse(record.key);
  if (jwk.ok()) {
    absl::StatusOr<ace::PopKey> key =
        ace::PopKey::FromJwk(jwk->WithKid(record.kid));
    if (key.ok() && key->thumbprint() == record.binding) return key;
  }
  return absl::DataLossError("the key of a stored token cannot be read");
}

absl::StatusOr<std::optional<ace::PopKey>> StoredKeys::FindByKid(
    absl::string_view issuer, absl::string_view subject, absl::string_view kid,
    absl::Time now) const {
  if (subject.empty() || kid.empty()) return std::nullopt;
  const absl::StatusOr<std::vector<TokenRecord>> records =
      store_->FindByKid(issuer, subject, kid, now);
  if (!records.ok()) return records.status();
  // Each record has a key of its own.
  if (records->size() != 1) return std::nullopt;
  absl::StatusOr<ace::PopKey> key = KeptKey(records->front());
  if (!key.ok()) return key.status();
  return *std::move(key);
}

}  // namespace sluice::policy
