#include "policy/rules/topic_template.h"

#include <cstddef>
#include <optional>
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

// Whether `value` can be a level of a filter, and nothing else.
bool IsLevel(absl::string_view value) {
  return value.size() <= kMaxValueBytes && !absl::StrContains(value, '/') &&
         mqtt::IsValidTopicName(value);
}

}  // namespace

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
  if (!mqtt::IsValidTopicFilter(absl::StrJoin(example, "/")) ||
      mqtt::IsShared(text)) {
    return absl::InvalidArgumentError(
        "expected an MQTT topic filter, not a shared one");
  }
  return TopicTemplate(std::move(levels));
}

std::string TopicTemplate::FillIn(const TopicVariables& variables) const {
  std::vector<absl::string_view> filled(levels_.begin(), levels_.end());
  std::vector<absl::string_view> widest = filled;
  for (size_t i = 0; i < filled.size(); ++i) {
    if (!IsVariable(filled[i])) continue;
    const absl::string_view value = ValueOf(filled[i], variables);
    filled[i] = IsLevel(value) ? value : kAnyLevel;
    widest[i] = kAnyLevel;
  }
  std::string filter = absl::StrJoin(filled, "/");
  // It may be too long by now, or a shared subscription.
  if (mqtt::IsValidTopicFilter(filter) && !mqtt::IsShared(filter)) {
    return filter;
  }
  return absl::StrJoin(widest, "/");
}

bool TopicTemplate::FillInExactly(const TopicVariables& variables,
                                  std::string* out) const {
  std::vector<absl::string_view> filled(levels_.begin(), levels_.end());
  for (size_t i = 0; i < filled.size(); ++i) {
    if (!IsVariable(filled[i])) continue;
    filled[i] = ValueOf(filled[i], variables);
    if (!IsLevel(filled[i])) return false;
    // Such topics are the broker's (MQTT 5.0 section 4.7.2).
    if (i == 0 && filled[i].front() == '$') return false;
  }
  *out = absl::StrJoin(filled, "/");
  return mqtt::IsValidTopicFilter(*out);
}

}  // namespace sluice::policy
