#ifndef POLICY_REVOCATION_KEPT_AFTER_END_H_
#define POLICY_REVOCATION_KEPT_AFTER_END_H_

#include "absl/time/time.h"

namespace sluice::policy {

// What has ended, revocations and what stores remember, is kept for so long all
// the same: the clock that says so may be ahead of the time, and be set back.
// In etcd it is a lease that ends then, by etcd's own clock.
inline constexpr absl::Duration kKeptAfterEnd = absl::Hours(1);

}  // namespace sluice::policy

#endif  // POLICY_REVOCATION_KEPT_AFTER_END_H_
