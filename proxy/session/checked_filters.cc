#include "proxy/session/checked_filters.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace sluice::session {
namespace {

// Neither name has a space.
std::string KeyOf(const authz::Rule& rule) {
  return absl::StrCat(rule.name(), " ", rule.checker());
}

}  // namespace

void CheckedFilters::Add(const authz::Rule& rule, absl::string_view filter) {
  const auto levels =
      static_cast<size_t>(1 + std::count(filter.begin(), filter.end(), '/'));
  const size_t size = kBytesEach * (1 + levels) + filter.size();
  if (bytes_ + size > max_bytes_) return;
  authz::FilterSet& passed = passed_[KeyOf(rule)];
  if (passed.Covers(filter)) return;
  passed.Add(filter);
  bytes_ += size;
}

bool CheckedFilters::Cover(const authz::Rule& rule,
                           absl::string_view topic) const {
  const auto found = passed_.find(KeyOf(rule));
  return found != passed_.end() && found->second.Matches(topic);
}

}  // namespace sluice::session
