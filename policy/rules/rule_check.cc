#include "policy/rules/rule_check.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "google/protobuf/unknown_field_set.h"
#include "policy/rules/network.h"
#include "policy/rules/topic_template.h"
#include "proto/protocol_version.h"

namespace sluice::policy {
namespace {

using admin::v1::Rule;
using Strings = google::protobuf::RepeatedPtrField<std::string>;

// Collects what is wrong.
class RuleProblems {
 public:
  explicit RuleProblems(const Rule& rule) : rule_(rule) {}

  std::vector<RuleProblem> Check() {
    CheckKnown("", rule_);
    if (rule_.description().size() > kMaxRuleDescriptionBytes) {
      Add("description",
          absl::StrCat("longer than ", kMaxRuleDescriptionBytes, " bytes"));
    }
    if (!Rule::Mode_IsValid(rule_.mode())) Add("mode", "unknown");
    CheckMatch(rule_.match());
    if (!rule_.publish() && !rule_.subscribe()) {
      Add("publish", "expected at least one of publish and subscribe");
    }
    CheckFilters("topic_filters", rule_.topic_filters());
    CheckFilters("except_topic_filters", rule_.except_topic_filters());
    switch (rule_.effect_case()) {
      case Rule::kDeny:
        CheckKnown("deny", rule_.deny());
        break;
      case Rule::kLimits:
        CheckLimits(rule_.limits());
        break;
      case Rule::kExternalCheck: {
        CheckKnown("external_check", rule_.external_check());
        const std::string& checker = rule_.external_check().checker();
        if (checker.empty() || checker.size() > kMaxRuleEntryBytes) {
          Add("external_check.checker",
              absl::StrCat("expected 1 to ", kMaxRuleEntryBytes, " bytes"));
        }
        break;
      }
      case Rule::EFFECT_NOT_SET:
        Add("deny", "expected one of deny, limits and external_check");
        break;
    }
    return std::move(problems_);
  }

 private:
  void Add(absl::string_view field, absl::string_view description) {
    problems_.push_back({std::string(field), std::string(description)});
  }

  void CheckKnown(absl::string_view field,
                  const google::protobuf::Message& message) {
    if (!message.GetReflection()->GetUnknownFields(message).empty()) {
      Add(field, "has a field that this version does not know");
    }
  }

  // Whether the list is worth a closer look; `max_bytes` of an entry.
  bool CheckList(absl::string_view field, const Strings& list,
                 size_t max_bytes) {
    if (static_cast<size_t>(list.size()) > kMaxRuleEntries) {
      Add(field, absl::StrCat("more than ", kMaxRuleEntries, " entries"));
      return false;
    }
    for (int i = 0; i < list.size(); ++i) {
      if (list[i].empty() || list[i].size() > max_bytes) {
        Add(Element(field, i),
            absl::StrCat("expected 1 to ", max_bytes, " bytes"));
      }
    }
    return true;
  }

  void CheckMatch(const Rule::Match& match) {
    CheckKnown("match", match);
    if (!Rule::Clients_IsValid(match.clients())) {
      Add("match.clients", "unknown");
    }
    const struct {
      const char* field;
      const Strings& list;
    } kLists[] = {
        {"match.issuers", match.issuers()},
        {"match.subjects", match.subjects()},
        {"match.client_ids", match.client_ids()},
        {"match.listeners", match.listeners()},
    };
    for (const auto& entry : kLists) {
      CheckList(entry.field, entry.list, kMaxRuleEntryBytes);
    }
    if (match.clients() == Rule::CLIENTS_ANONYMOUS &&
        !(match.issuers().empty() && match.subjects().empty())) {
      Add("match.clients",
          "anonymous clients have neither an issuer nor a subject");
    }
    CheckEach("match.client_addresses", match.client_addresses(),
              "expected an address, or a network such as 10.0.0.0/8",
              [](absl::string_view text) {
                return Network::Parse(text).has_value();
              });
    CheckEach("match.protocol_versions", match.protocol_versions(),
              "expected 3.1.1 or 5.0", [](absl::string_view text) {
                return ParseProtocolVersion(text).has_value();
              });
  }

  template <typename Predicate>
  void CheckEach(absl::string_view field, const Strings& list,
                 absl::string_view expected, Predicate is_valid) {
    if (!CheckList(field, list, kMaxRuleEntryBytes)) return;
    for (int i = 0; i < list.size(); ++i) {
      if (!list[i].empty() && !is_valid(list[i])) {
        Add(Element(field, i), expected);
      }
    }
  }

  void CheckFilters(absl::string_view field, const Strings& filters) {
    if (!CheckList(field, filters, kMaxRuleFilterBytes)) return;
    for (int i = 0; i < filters.size(); ++i) {
      if (filters[i].empty()) continue;
      const auto topic = TopicTemplate::Parse(filters[i]);
      if (!topic.ok()) Add(Element(field, i), topic.status().message());
    }
  }

  void CheckLimits(const v1::Limits& limits) {
    CheckKnown("limits", limits);
    const bool of_publish =
        limits.has_max_qos() || limits.no_retain() || limits.no_will() ||
        limits.has_max_payload_bytes() || limits.has_max_publishes_per_second();
    const bool of_subscribe =
        limits.has_max_qos() || limits.has_max_subscriptions();
    if (!of_publish && !of_subscribe) {
      Add("limits", "expected at least one limit");
    }
    if (limits.max_qos() > 2) Add("limits.max_qos", "expected 0, 1 or 2");
    if (limits.has_max_publishes_per_second() &&
        limits.max_publishes_per_second() == 0) {
      Add("limits.max_publishes_per_second",
          "expected a number from 1 on; deny denies all");
    }
    if (rule_.publish() && !of_publish) {
      Add("publish", "none of the limits is about publishing");
    }
    if (rule_.subscribe() && !of_subscribe) {
      Add("subscribe", "none of the limits is about subscribing");
    }
    if (!rule_.subscribe() && limits.has_max_subscriptions()) {
      Add("limits.max_subscriptions", "goes with subscribe");
    }
  }

  static std::string Element(absl::string_view field, int index) {
    return absl::StrCat(field, "[", index, "]");
  }

  const Rule& rule_;
  std::vector<RuleProblem> problems_;
};

}  // namespace

std::vector<RuleProblem> CheckRule(const Rule& rule) {
  return RuleProblems(rule).Check();
}

}  // namespace sluice::policy
