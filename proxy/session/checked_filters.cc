#include "proxy/session/checked_filters.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "proxy/mqtt/topic.h"

namespace sluice::session {
namespace {

// Neither name has a space.
std::string KeyOf(const authz::Rule& rule) {
  return absl::StrCat(rule.name(), " ", rule.checker());
}

}  // namespace

void CheckedFilters::Add(const authz::Rule& rule, absl::string_view filter) {
  const size_t size = kBytesEach + filter.size();
  if (bytes_ + size > max_bytes_) return;
  if (passed_[KeyOf(rule)].emplace(filter).second) bytes_ += size;
}

bool CheckedFilters::Cover(const authz::Rule& rule,
                           absl::string_view topic) const {
  const auto found = passed_.find(KeyOf(rule));
  return found != passed_.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [topic](const std::string& filter) {
                       return mqtt::TopicMatches(filter, topic);
                     });
}

}  // namespace sluice::session
