#ifndef POLICY_ADMIN_ETAG_H_
#define POLICY_ADMIN_ETAG_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "policy/store/resource_store.h"

namespace sluice::policy {

// Changes with each write of the resource.
std::string EtagOf(const Resource& resource);

// What ResourceStoreInterface is to expect of a resource with that etag;
// nullopt for the empty one, which fits all. One that is none of ours fits
// nothing.
std::optional<int64_t> ExpectedRevision(absl::string_view etag);

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_ETAG_H_
