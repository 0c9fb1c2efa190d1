// Topic functions, and those that tests take for right, against their
// definitions, over every filter and topic name of a small world.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "proxy/mqtt/topic.h"
#include "test/proxy/mqtt/reference_filters.h"

// covers: ACE-SCP-2, ACE-SCP-4

namespace sluice::mqtt {
namespace {

constexpr int kFilterDepth = 4;

using Levels = std::vector<absl::string_view>;

// All sequences of 1 to `depth` levels.
std::vector<Levels> Sequences(const Levels& alphabet, int depth) {
  std::vector<Levels> all;
  std::vector<Levels> longest = {{}};
  for (int i = 0; i < depth; ++i) {
    std::vector<Levels> longer;
    for (const Levels& levels : longest) {
      for (const absl::string_view level : alphabet) {
        longer.push_back(levels);
        longer.back().push_back(level);
      }
    }
    all.insert(all.end(), longer.begin(), longer.end());
    longest = std::move(longer);
  }
  return all;
}

// Every valid filter of up to kFilterDepth levels over these literals.
std::vector<std::string> AllFilters() {
  std::vector<std::string> filters;
  for (const Levels& levels :
       Sequences({"", "a", "$x", "+", "#"}, kFilterDepth)) {
    const std::string filter = absl::StrJoin(levels, "/");
    if (IsValidTopicFilter(filter)) filters.push_back(filter);
  }
  return filters;
}

// Topic names that tell any two of those filters apart, if any topic name does:
// no filter can tell a level that it does not spell out from "z" ("$z", since
// a `$` counts at the first level), nor anything beyond one level more than it
// has itself.
std::vector<std::string> AllTopics() {
  std::vector<std::string> topics;
  for (const Levels& levels :
       Sequences({"", "a", "$x", "z", "$z"}, kFilterDepth + 1)) {
    std::string topic = absl::StrJoin(levels, "/");
    if (!topic.empty()) topics.push_back(std::move(topic));
  }
  return topics;
}

// Section 4.7, level by level, as a reader would write it down.
bool MatchesByDefinition(const Levels& filter, const Levels& topic) {
  const bool first_is_wildcard = filter[0] == "+" || filter[0] == "#";
  if (first_is_wildcard && !topic[0].empty() && topic[0][0] == '$') {
    return false;
  }
  for (size_t i = 0; i < filter.size(); ++i) {
    if (filter[i] == "#") return true;
    if (i == topic.size()) return false;
    if (filter[i] != "+" && filter[i] != topic[i]) return false;
    if (i + 1 == topic.size() && i + 2 == filter.size() &&
        filter[i + 1] == "#") {
      return true;
    }
  }
  return filter.size() == topic.size();
}

TEST(TopicPropertyTest, MatchIsWhatTheStandardSays) {
  const std::vector<std::string> topics = AllTopics();
  std::vector<Levels> split;
  for (const std::string& topic : topics) {
    split.push_back(absl::StrSplit(topic, '/'));
  }
  for (const std::string& filter : AllFilters()) {
    const Levels levels = absl::StrSplit(filter, '/');
    for (size_t i = 0; i < topics.size(); ++i) {
      ASSERT_EQ(TopicMatches(filter, topics[i]),
                MatchesByDefinition(levels, split[i]))
          << filter << " " << topics[i];
    }
  }
}

// For each filter, which topics it matches.
std::vector<std::vector<bool>> AllMatches(
    const std::vector<std::string>& filters,
    const std::vector<std::string>& topics) {
  std::vector<std::vector<bool>> matched;
  for (const std::string& filter : filters) {
    matched.emplace_back();
    for (const std::string& topic : topics) {
      matched.back().push_back(TopicMatches(filter, topic));
    }
  }
  return matched;
}

TEST(TopicPropertyTest, SubsetIsWhatEnumerationSays) {
  const std::vector<std::string> filters = AllFilters();
  const std::vector<std::string> topics = AllTopics();
  const std::vector<std::vector<bool>> matched = AllMatches(filters, topics);
  for (size_t in = 0; in < filters.size(); ++in) {
    for (size_t out = 0; out < filters.size(); ++out) {
      bool subset = true;
      for (size_t t = 0; t < topics.size() && subset; ++t) {
        subset = !matched[in][t] || matched[out][t];
      }
      ASSERT_EQ(FilterIsSubset(filters[in], filters[out]), subset)
          << filters[in] << " within " << filters[out];
    }
  }
}

TEST(TopicPropertyTest, OverlapIsWhatEnumerationSays) {
  const std::vector<std::string> filters = AllFilters();
  const std::vector<std::string> topics = AllTopics();
  const std::vector<std::vector<bool>> matched = AllMatches(filters, topics);
  for (size_t a = 0; a < filters.size(); ++a) {
    for (size_t b = 0; b < filters.size(); ++b) {
      bool overlap = false;
      for (size_t t = 0; t < topics.size() && !overlap; ++t) {
        overlap = matched[a][t] && matched[b][t];
      }
      ASSERT_EQ(FiltersOverlap(filters[a], filters[b]), overlap)
          << filters[a] << " and " << filters[b];
    }
  }
}

TEST(TopicPropertyTest, TheWorldIsNotEmpty) {
  // Four kinds of inner level; `#` may stand behind up to three of them. Not
  // counted: "".
  EXPECT_EQ(AllFilters().size(), (4 + 16 + 64 + 256 - 1) + (1 + 4 + 16 + 64));
  EXPECT_EQ(AllTopics().size(), 5 + 25 + 125 + 625 + 3125 - 1);
}

}  // namespace
}  // namespace sluice::mqtt
