#ifndef POLICY_RULES_TOPIC_TEMPLATE_H_
#define POLICY_RULES_TOPIC_TEMPLATE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sluice::policy {

// What variables stand for.
struct TopicVariables {
  absl::string_view subject;
  absl::string_view client_id;
};

// A topic filter in which whole levels may be "${subject}" or "${client_id}".
// Clients choose what these stand for, and must not gain by it.
class TopicTemplate {
 public:
  // InvalidArgument, which says what is expected, for what is no topic filter
  // then, for a shared subscription, and for "${" anywhere else.
  static absl::StatusOr<TopicTemplate> Parse(absl::string_view text);

  bool has_variables() const;

  // One filter, or two, that match at least the topics that are meant: a value
  // that cannot be a level is any level. If it is a name all the same ("a/b"
  // is two levels, "$x" is a first one that no wildcard matches), what it says
  // literally is a second filter.
  std::vector<std::string> FillIn(const TopicVariables& variables) const;

  // A filter that matches at most the topics that are meant; false, and `out`
  // is unspecified, where a value cannot be a level.
  bool FillInExactly(const TopicVariables& variables, std::string* out) const;

 private:
  explicit TopicTemplate(std::vector<std::string> levels)
      : levels_(std::move(levels)) {}

  // With values in the place of the variables; with "+", where `fits` does not
  // hold for the value and its place.
  template <typename Predicate>
  std::string Join(const TopicVariables& variables, Predicate fits) const;

  std::vector<std::string> levels_;
};

}  // namespace sluice::policy

#endif  // POLICY_RULES_TOPIC_TEMPLATE_H_
