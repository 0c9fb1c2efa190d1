#ifndef POLICY_SERVICE_SUM_SHARE_H_
#define POLICY_SERVICE_SUM_SHARE_H_

#include <cstdint>

#include "absl/strings/string_view.h"

namespace sluice::policy {

// The share of one resource in a sum over many, which says whether two are
// equal, in whatever order they came; the same in every process. By what the
// resource says: revisions are used again by a store that has lost some.
uint64_t SumShareOf(absl::string_view name, absl::string_view value);

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_SUM_SHARE_H_
