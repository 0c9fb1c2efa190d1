#include "test/policy/rules/template_bounds.h"

#include <cstdlib>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/topic.h"
#include "test/proxy/mqtt/reference_filters.h"

namespace sluice::policy {
namespace {

void Check(bool condition) {
  if (!condition) std::abort();
}

std::string Replace(absl::string_view text, absl::string_view subject,
                    absl::string_view client_id) {
  return absl::StrReplaceAll(
      text, {{"${subject}", subject}, {"${client_id}", client_id}});
}

}  // namespace

bool CheckBounds(const std::string& text, const TopicVariables& variables) {
  const auto topic = TopicTemplate::Parse(text);
  Check(topic.ok());
  const std::vector<std::string> wide = topic->FillIn(variables);
  const auto covered = [&wide](absl::string_view filter) {
    return absl::c_any_of(wide, [filter](const std::string& outer) {
      return mqtt::FilterIsSubset(filter, outer);
    });
  };
  Check(!wide.empty() && wide.size() <= 2);
  for (const std::string& filter : wide)
    Check(mqtt::IsValidUnsharedFilter(filter));
  // Wildcards in a value are nothing that a topic name could have.
  const std::string literal =
      Replace(text, variables.subject, variables.client_id);
  const auto is_short_name = [](absl::string_view value) {
    return value.size() <= 1024 && mqtt::IsValidTopicName(value);
  };
  if (is_short_name(variables.subject) && is_short_name(variables.client_id) &&
      mqtt::IsValidUnsharedFilter(literal)) {
    Check(covered(literal));
  }
  std::string exact;
  if (!topic->FillInExactly(variables, &exact)) return false;
  Check(mqtt::IsValidUnsharedFilter(exact));
  Check(covered(exact));
  Check(exact == literal);
  Check(mqtt::FilterIsSubset(exact, Replace(text, "+", "+")));
  return true;
}

}  // namespace sluice::policy
