#include "policy/admin/etag.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sluice::policy {

std::string EtagOf(const Resource& resource) {
  return absl::StrCat(resource.revision);
}

std::optional<int64_t> ExpectedRevision(absl::string_view etag) {
  if (etag.empty()) return std::nullopt;
  // No resource has it.
  constexpr int64_t kNobodys = -1;
  int64_t revision = 0;
  if (!absl::SimpleAtoi(etag, &revision) || revision <= 0) return kNobodys;
  return revision;
}

}  // namespace sluice::policy
