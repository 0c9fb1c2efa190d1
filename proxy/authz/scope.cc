#include "proxy/authz/scope.h"

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "proxy/authz/shared_table.h"
#include "proxy/mqtt/topic.h"

namespace sluice::authz {
namespace {

size_t HashOf(const Scope::Permissions& permissions) {
  size_t hash = 0;
  for (const policy::v1::Permission& permission : permissions) {
    hash = absl::HashOf(hash, permission.topic_filter(), permission.publish(),
                        permission.subscribe());
  }
  return hash;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const Scope>> Scope::Compile(
    const Permissions& permissions) {
  static auto* const table = new SharedTable<Scope>;
  const size_t hash = HashOf(permissions);
  const auto is_same = [&permissions](const Scope& scope) {
    return scope.IsOf(permissions);
  };
  std::shared_ptr<const Scope> known = table->Find(hash, is_same);
  if (known != nullptr) return known;
  auto scope = absl::WrapUnique(new Scope);
  for (const policy::v1::Permission& permission : permissions) {
    const std::string& filter = permission.topic_filter();
    if (!mqtt::IsValidUnsharedFilter(filter)) {
      return absl::InvalidArgumentError("grant with an invalid topic filter");
    }
    if (permission.publish()) scope->publish_.Add(filter);
    if (permission.subscribe()) scope->subscribe_.Add(filter);
  }
  return table->Add(hash, is_same, std::move(scope));
}

bool Scope::IsOf(const Permissions& permissions) const {
  size_t publish = 0;
  size_t subscribe = 0;
  const auto is_next = [](const FilterSet& set, const std::string& filter,
                          size_t* next) {
    return *next < set.size() && set.filter((*next)++) == filter;
  };
  for (const policy::v1::Permission& permission : permissions) {
    const std::string& filter = permission.topic_filter();
    // One for nothing has left no trace, and would not be found invalid.
    if (!permission.publish() && !permission.subscribe()) return false;
    if (permission.publish() && !is_next(publish_, filter, &publish)) {
      return false;
    }
    if (permission.subscribe() && !is_next(subscribe_, filter, &subscribe)) {
      return false;
    }
  }
  return publish == publish_.size() && subscribe == subscribe_.size();
}

}  // namespace sluice::authz
