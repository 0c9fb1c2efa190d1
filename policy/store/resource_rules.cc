#include "policy/store/resource_rules.h"

#include <algorithm>

#include "absl/random/random.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "policy/store/store_errors.h"

namespace sluice::policy {
namespace {

constexpr size_t kMaxNameBytes = 255;

// Nodes, hash slots, rows: what surrounds a resource where it is kept.
constexpr size_t kBookkeepingBytes = 256;

}  // namespace

bool IsResourceNamePart(absl::string_view text) {
  return !text.empty() && text.size() <= kMaxNameBytes &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) {
           return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
         });
}

absl::Status CheckResourceName(absl::string_view collection,
                               absl::string_view id) {
  if (IsResourceNamePart(collection) && IsResourceNamePart(id))
    return absl::OkStatus();
  return absl::InvalidArgumentError(
      "a name has 1 to 255 letters, digits, '-', '_' and '.'");
}

absl::Status CheckNewResource(const Resource& resource,
                              const ResourceLimits& limits, absl::Time now) {
  absl::Status named = CheckResourceName(resource.collection, resource.id);
  if (!named.ok()) return named;
  if (resource.expires_at <= now) {
    return absl::InvalidArgumentError("the resource has expired");
  }
  if (resource.value.size() > limits.max_value_bytes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "a resource has at most ", limits.max_value_bytes, " bytes"));
  }
  return absl::OkStatus();
}

absl::Status CheckExpected(int64_t present, std::optional<int64_t> expected) {
  if (!expected.has_value() || *expected == present) return absl::OkStatus();
  if (*expected == 0) return absl::AlreadyExistsError("there is one already");
  if (present == 0) return NoSuchResourceError();
  return absl::AbortedError("it has been changed meanwhile");
}

size_t BytesOf(const Resource& resource) {
  return resource.collection.size() + resource.id.size() +
         resource.value.size() + kBookkeepingBytes;
}

std::string NewStoreId() {
  absl::BitGen random;  // seeded by the operating system
  return absl::StrCat(
      absl::Hex(absl::Uniform<uint64_t>(random), absl::kZeroPad16),
      absl::Hex(absl::Uniform<uint64_t>(random), absl::kZeroPad16));
}

}  // namespace sluice::policy
