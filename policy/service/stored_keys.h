#ifndef POLICY_SERVICE_STORED_KEYS_H_
#define POLICY_SERVICE_STORED_KEYS_H_

#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/known_keys.h"
#include "policy/ace/pop_key.h"
#include "policy/store/token_store.h"

namespace sluice::policy {

// Puts the name of `key`, and with it the key, into the record of a token that
// is bound to it and is stored at `now`. A key without a name, and a
// certificate, leave it as it is.
void KeepKey(const ace::PopKey& key, absl::Time now, TokenRecord* record);

// The key that KeepKey() put into `record`, which has a `kid`. DataLoss where
// it cannot be read.
absl::StatusOr<ace::PopKey> KeptKey(const TokenRecord& record);

// The proof-of-possession keys of the stored tokens.
class StoredKeys final : public ace::KnownKeysInterface {
 public:
  explicit StoredKeys(std::shared_ptr<TokenStoreInterface> store)
      : store_(std::move(store)) {}

  absl::StatusOr<std::optional<ace::PopKey>> FindByKid(
      absl::string_view issuer, absl::string_view subject,
      absl::string_view kid, absl::Time now) const override;

 private:
  const std::shared_ptr<TokenStoreInterface> store_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_STORED_KEYS_H_
