// Three lines, taken as two topic filters and a topic name: matching and subset
// agree with each other, and with what tries of filters say.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "proxy/authz/filter_index.h"
#include "proxy/authz/filter_set.h"
#include "proxy/authz/number_set.h"
#include "proxy/mqtt/topic.h"
#include "test/proxy/mqtt/reference_filters.h"

namespace sluice::mqtt {
namespace {

void Check(bool condition) {
  if (!condition) std::abort();
}

// A topic name is a filter that matches itself, and nothing else.
void CheckName(absl::string_view topic) {
  if (IsShared(topic)) return;
  Check(IsValidTopicFilter(topic));
  Check(TopicMatches(topic, topic));
  Check(FilterIsSubset(topic, topic));
}

// One topic name that `filter` matches: every wildcard made a level.
std::string Example(absl::string_view filter) {
  return absl::StrReplaceAll(filter, {{"+", "z"}, {"#", "z/z"}});
}

void CheckFilters(absl::string_view inner, absl::string_view outer) {
  Check(FilterIsSubset(inner, inner) && FilterIsSubset(outer, outer));
  const bool subset = FilterIsSubset(inner, outer);
  if (subset) Check(TopicMatches(outer, Example(inner)));
  if (subset) Check(FiltersOverlap(inner, outer));
  Check(FiltersOverlap(inner, outer) == FiltersOverlap(outer, inner));
  // A filter without wildcards is one topic name.
  if (IsValidTopicName(inner)) Check(subset == TopicMatches(outer, inner));
}

void CheckTries(absl::string_view inner, absl::string_view outer,
                absl::string_view topic) {
  authz::FilterIndex index;
  index.Add(inner, 0);
  index.Add(outer, 1);
  authz::NumberSet overlapping(2);
  index.Find(inner, &overlapping);
  Check(overlapping.Contains(0));
  Check(overlapping.Contains(1) == FiltersOverlap(inner, outer));
  authz::FilterSet set;
  set.Add(outer);
  Check(set.Covers(inner) == FilterIsSubset(inner, outer));
  if (topic.empty()) return;
  authz::NumberSet matching(2);
  index.Find(topic, &matching);
  Check(matching.Contains(0) == TopicMatches(inner, topic));
  Check(matching.Contains(1) == TopicMatches(outer, topic));
  Check(set.Matches(topic) == TopicMatches(outer, topic));
}

void CheckAll(absl::string_view inner, absl::string_view outer,
              absl::string_view topic) {
  const bool topic_valid = IsValidTopicName(topic);
  if (topic_valid) CheckName(topic);
  Check(!topic_valid || IsValidUtf8(topic));
  if (!IsValidTopicFilter(inner) || !IsValidTopicFilter(outer)) return;
  inner = WithoutShare(inner);
  outer = WithoutShare(outer);
  Check(!inner.empty() && IsValidTopicFilter(inner) && !IsShared(inner));
  CheckFilters(inner, outer);
  CheckTries(inner, outer, topic_valid ? topic : "");
  if (topic_valid && TopicMatches(inner, topic) && TopicMatches(outer, topic)) {
    Check(FiltersOverlap(inner, outer));
  }
  if (topic_valid && FilterIsSubset(inner, outer) &&
      TopicMatches(inner, topic)) {
    Check(TopicMatches(outer, topic));
  }
}

}  // namespace
}  // namespace sluice::mqtt

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 1024) return 0;
  const std::vector<absl::string_view> lines = absl::StrSplit(
      absl::string_view(reinterpret_cast<const char*>(data), size), '\n');
  if (lines.size() != 3) return 0;
  sluice::mqtt::CheckAll(lines[0], lines[1], lines[2]);
  return 0;
}
