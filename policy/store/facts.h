#ifndef POLICY_STORE_FACTS_H_
#define POLICY_STORE_FACTS_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/fact_store.h"

namespace sluice::policy {

// Somebody who wants to be the one user of a Client Identifier (EDGE-20).
struct ClientIdClaim {
  std::string client_id;
  std::string owner;
  absl::Time expires_at;
  // An ownership that lasts until then is left as it is; where this is not set,
  // one that lasts until expires_at.
  std::optional<absl::Time> enough = {};
};

// What the policy service remembers so that it happens once: what the facts of
// a store mean. Thread-safe; errors are the store's.
class Facts {
 public:
  explicit Facts(std::shared_ptr<FactStoreInterface> store)
      : store_(std::move(store)) {}

  // Makes `claim.owner` the owner of the identifier where it has none, and
  // lengthens the ownership where it is the owner already. False where somebody
  // else is.
  absl::StatusOr<bool> ClaimClientId(const ClientIdClaim& claim,
                                     absl::Time now) const;

  // The owner of the identifier, if it has one.
  absl::StatusOr<std::optional<std::string>> FindClientIdOwner(
      absl::string_view client_id, absl::Time now) const;

  // The time of the first of all calls with `token`, which is the caller's name
  // for it. The first call has `now` remembered until `forget_at`, which may be
  // the infinite future. kDataLoss where the time cannot be read.
  absl::StatusOr<absl::Time> FirstSeen(absl::string_view token,
                                       absl::Time forget_at,
                                       absl::Time now) const;

  // Whether this is the first call with `proof`, the caller's name for a proof
  // that must not be used twice before `forget_at`.
  absl::StatusOr<bool> UseProof(absl::string_view proof, absl::Time forget_at,
                                absl::Time now) const;

 private:
  const std::shared_ptr<FactStoreInterface> store_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_FACTS_H_
