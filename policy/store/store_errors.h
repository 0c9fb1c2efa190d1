#ifndef POLICY_STORE_STORE_ERRORS_H_
#define POLICY_STORE_STORE_ERRORS_H_

#include "absl/status/status.h"

namespace sluice::policy {

// What every store says in the same words.

inline absl::Status StoreIsFullError() {
  return absl::ResourceExhaustedError("the store is full");
}

inline absl::Status NoSuchResourceError() {
  return absl::NotFoundError("there is none");
}

}  // namespace sluice::policy

#endif  // POLICY_STORE_STORE_ERRORS_H_
