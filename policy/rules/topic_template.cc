#include "policy/rules/topic_template.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "proxy/mqtt/topic.h"

namespace sluice::policy {
namespace {

constexpr absl::string_view kSubject = "${subject}";
constexpr absl::string_view kClientId = "${client_id}";

constexpr absl::string_view kAnyLevel = "+";

// A client must not make grants large.
constexpr size_t kMaxValueBytes = 1024;

bool IsVariable(absl::string_view level) {
  return level == kSubject || level == kClientId;
}

// What the variable stands for.
absl::string_view ValueOf(absl::string_view variable,
                          const TopicVariables& variables) {
  return variable == kSubject ? variables.subject : variables.client_id;
}

// Whether it is a topic name, or some levels of one.
bool IsName(absl::string_view value) {
  return value.size() <= kMaxValueBytes && mqtt::IsValidTopicName(value);
}

// Whether `value` can be level `i` of a filter, and nothing else. What begins
// with '$' at the first one is the broker's (MQTT 5.0 section 4.7.2).
bool IsLevel(absl::string_view value, size_t i) {
  return IsName(value) && !absl::StrContains(value, '/') &&
         !(i == 0 && absl::StartsWith(value, "$"));
}

}  // namespace

bool TopicTemplate::has_variables() const {
  return std::any_of(levels_.begin(), levels_.end(), IsVariable);
}

absl::StatusOr<TopicTemplate> TopicTemplate::Parse(absl::string_view text) {
  std::vector<std::string> levels = absl::StrSplit(text, '/');
  std::vector<std::string> example = levels;
  for (std::string& level : example) {
    if (IsVariable(level)) {
      level = "x";
    } else if (absl::StrContains(level, "${")) {
      return absl::InvalidArgumentError(
          "${subject} and ${client_id} stand for whole levels, and there are "
          "no other variables");
    }
  }
  if (!mqtt::IsValidUnsharedFilter(absl::StrJoin(example, "/"))) {
    return absl::InvalidArgumentError(
        "expected an MQTT topic filter, not a shared one");
  }
  return TopicTemplate(std::move(levels));
}

template <typename Predicate>
std::string TopicTemplate::Join(const TopicVariables& variables,
                                Predicate fits) const {
  std::vector<absl::string_view> filled(levels_.begin(), levels_.end());
  for (size_t i = 0; i < filled.size(); ++i) {
    if (!IsVariable(filled[i])) continue;
    const absl::string_view value = ValueOf(filled[i], variables);
    filled[i] = fits(value, i) ? value : kAnyLevel;
  }
  return absl::StrJoin(filled, "/");
}

std::vector<std::string> TopicTemplate::FillIn(
    const TopicVariables& variables) const {
  std::vector<std::string> filters = {Join(variables, IsLevel)};
  // It may be too long by now.
  if (!mqtt::IsValidUnsharedFilter(filters[0])) {
    filters[0] = Join(variables, [](auto, auto) { return false; });
  }
  std::string literal = Join(
      variables, [](absl::string_view value, size_t) { return IsName(value); });
  if (literal != filters[0] && mqtt::IsValidUnsharedFilter(literal)) {
    filters.push_back(std::move(literal));
  }
  return filters;
}

bool TopicTemplate::FillInExactly(const TopicVariables& variables,
                                  std::string* out) const {
  for (size_t i = 0; i < levels_.size(); ++i) {
    if (IsVariable(levels_[i]) && !IsLevel(ValueOf(levels_[i], variables), i)) {
      return false;
    }
  }
  *out = Join(variables, IsLevel);
  return mqtt::IsValidUnsharedFilter(*out);
}

}  // namespace sluice::policy
