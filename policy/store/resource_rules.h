#ifndef POLICY_STORE_RESOURCE_RULES_H_
#define POLICY_STORE_RESOURCE_RULES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/resource_store.h"

namespace sluice::policy {

// What every resource store holds to, so that they differ in nothing but where
// they keep things. The errors are those of ResourceStoreInterface.

// Whether `text` is 1 to 255 letters, digits, '-', '_' and '.': what a
// collection, an id, and whatever else is a part of a resource's name may be.
bool IsResourceNamePart(absl::string_view text);

absl::Status CheckResourceName(absl::string_view collection,
                               absl::string_view id);

// Whether a store of this size could hold `resource` at all.
absl::Status CheckNewResource(const Resource& resource,
                              const ResourceLimits& limits, absl::Time now);

// Whether a resource whose revision is `present`, 0 where there is none, is
// what the caller expects.
absl::Status CheckExpected(int64_t present, std::optional<int64_t> expected);

// What a resource counts for against the limits.
size_t BytesOf(const Resource& resource);

// 128 random bits in hexadecimal: the id of a new store.
std::string NewStoreId();

}  // namespace sluice::policy

#endif  // POLICY_STORE_RESOURCE_RULES_H_
