#ifndef POLICY_STORE_TOKEN_RULES_H_
#define POLICY_STORE_TOKEN_RULES_H_

#include <cstddef>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "policy/store/token_store.h"
#include "policy/store/write_pace.h"

namespace sluice::policy {

// What every token store holds to.

// Whether `record` is live at `now`; FailedPrecondition where it is not.
absl::Status CheckLive(const TokenRecord& record, absl::Time now);

// Whether a record that takes `bytes` may be stored at all; ResourceExhausted
// where it may not.
absl::Status CheckSize(size_t bytes, const TokenLimits& limits);

// Makes of `record` what is to be put in the place of `earlier`, which is live
// and has the same binding: that may be what is there already. kAlreadyExists
// where it may not take its place. See TokenStoreInterface::Put(),
// PutUnproven() and Restore().
absl::Status Succeed(const TokenRecord& earlier, Possession possession,
                     WritePace* pace, absl::Time now, TokenRecord* record);

// Gives `record`, where it has `named_since`, the earliest one of `others` that
// have its `kid`.
void KeepName(const std::vector<TokenRecord>& others, TokenRecord* record);

// The bytes of all strings of `record`; a store adds what else one costs it.
size_t StringBytes(const TokenRecord& record);

}  // namespace sluice::policy

#endif  // POLICY_STORE_TOKEN_RULES_H_
