#include "proxy/authz/filter_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "proxy/mqtt/topic.h"
#include "test/proxy/authz/enumerate.h"
#include "test/proxy/mqtt/reference_filters.h"

namespace sluice::authz {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr size_t kMaxOwners = 100;

std::vector<int> Found(const FilterIndex& index, absl::string_view filter) {
  NumberSet owners(kMaxOwners);
  index.Find(filter, &owners);
  std::vector<int> found;
  owners.ForEach([&found](uint16_t owner) { found.push_back(owner); });
  return found;
}

// covers: ACE-SCP-2, ACE-SCP-3, ACE-SCP-4
TEST(FilterIndexTest, AgreesWithTheFunctionsForOneFilter) {
  const std::vector<std::string> filters = EnumerateFilters(4);
  const std::vector<std::string> topics = EnumerateTopics(4);
  ASSERT_GT(filters.size(), 300u);
  for (const std::string& own : filters) {
    FilterIndex index;
    index.Add(own, 0);
    for (const std::string& topic : topics) {
      ASSERT_EQ(!Found(index, topic).empty(), mqtt::TopicMatches(own, topic))
          << own << " " << topic;
    }
    for (const std::string& filter : filters) {
      ASSERT_EQ(!Found(index, filter).empty(),
                mqtt::FiltersOverlap(own, filter))
          << own << " and " << filter;
    }
  }
}

// Whatever else is in the index, and whoever owns it.
TEST(FilterIndexTest, FindsTheOwnersThatBruteForceFinds) {
  const std::vector<std::string> filters = EnumerateFilters(4);
  const std::vector<std::string> topics = EnumerateTopics(4);
  std::mt19937 random(20261128);
  const auto one_of = [&random](const std::vector<std::string>& all) {
    return all[random() % all.size()];
  };
  for (int round = 0; round < 300; ++round) {
    FilterIndex index;
    std::vector<std::vector<std::string>> owned(1 + random() % 12);
    for (size_t owner = 0; owner < owned.size(); ++owner) {
      const size_t count = random() % (round % 2 == 0 ? 2 : 12);
      for (size_t i = 0; i < count; ++i) {
        owned[owner].push_back(one_of(filters));
        index.Add(owned[owner].back(), static_cast<uint16_t>(owner));
      }
    }
    for (int i = 0; i < 300; ++i) {
      const bool is_topic = i % 3 == 0;
      const std::string asked = one_of(is_topic ? topics : filters);
      std::vector<int> expected;
      for (size_t owner = 0; owner < owned.size(); ++owner) {
        const bool is_found =
            std::any_of(owned[owner].begin(), owned[owner].end(),
                        [&](const std::string& own) {
                          return is_topic ? mqtt::TopicMatches(own, asked)
                                          : mqtt::FiltersOverlap(own, asked);
                        });
        if (is_found) expected.push_back(static_cast<int>(owner));
      }
      ASSERT_EQ(Found(index, asked), expected) << asked;
    }
  }
}

// What the masks of depths say about those above the 31st.
TEST(FilterIndexTest, AgreesWithTheFunctionsForManyLevels) {
  std::mt19937 random(7);
  const char* const kLevels[] = {"a", "b", "+"};
  const auto make = [&](const char* other) {
    std::vector<std::string> levels(28 + random() % 8, "a");
    for (int i = 0; i < 3; ++i) {
      levels[26 + random() % (levels.size() - 26)] = kLevels[random() % 3];
    }
    if (random() % 4 == 0) levels.back() = "#";
    if (random() % 4 == 0) levels[random() % (levels.size() - 1)] = other;
    return absl::StrJoin(levels, "/");
  };
  int overlaps = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::string own = make("+");
    const std::string asked = make(i % 2 == 0 ? "c" : "+");
    FilterIndex index;
    index.Add(own, 3);
    const bool overlap = mqtt::FiltersOverlap(own, asked);
    ASSERT_EQ(!Found(index, asked).empty(), overlap) << own << " " << asked;
    overlaps += overlap;
  }
  EXPECT_GT(overlaps, 1000);
}

TEST(FilterIndexTest, FindsEachOwnerOfTheSameFilter) {
  FilterIndex index;
  for (const uint16_t owner : {1, 4, 99}) {
    index.Add("a/b", owner);
    index.Add("a/+/#", owner);
    index.Add("a/b", owner);
  }
  EXPECT_THAT(Found(index, "a/b"), ElementsAre(1, 4, 99));
  EXPECT_THAT(Found(index, "+/x"), ElementsAre(1, 4, 99));
  EXPECT_THAT(Found(index, "a"), IsEmpty());
}

TEST(FilterIndexTest, AnEmptyIndexFindsNobody) {
  FilterIndex index;
  EXPECT_TRUE(index.empty());
  EXPECT_THAT(Found(index, "#"), IsEmpty());
  EXPECT_THAT(Found(index, "a"), IsEmpty());
  index.Add("$s", 0);
  EXPECT_FALSE(index.empty());
  EXPECT_THAT(Found(index, "#"), IsEmpty());
}

TEST(FilterIndexTest, SurvivesBeingMoved) {
  FilterIndex index;
  for (uint16_t i = 0; i < 100; ++i) index.Add(absl::StrCat("d/", i, "/#"), i);
  const FilterIndex moved = std::move(index);
  EXPECT_THAT(Found(moved, "+/42"), ElementsAre(42));
  EXPECT_THAT(Found(moved, "d/100/x"), IsEmpty());
}

TEST(FilterIndexTest, TenThousandLevelsAreNoDeepRecursion) {
  std::string deep = "a";
  std::string plus = "+";
  for (int i = 0; i < 10000; ++i) {
    deep += "/a";
    plus += "/+";
  }
  FilterIndex index;
  index.Add(deep, 0);
  index.Add("+/#", 1);
  EXPECT_THAT(Found(index, deep), ElementsAre(0, 1));
  EXPECT_THAT(Found(index, plus), ElementsAre(0, 1));
  EXPECT_THAT(Found(index, plus + "/+"), ElementsAre(1));
}

TEST(NumberSetTest, HoldsWhatWasInserted) {
  NumberSet numbers(65535);
  const std::vector<int> inserted = {0, 63, 64, 1024, 65534};
  for (const int number : {1024, 64, 65534, 0, 63}) {
    numbers.Insert(static_cast<uint16_t>(number));
  }
  std::vector<int> found;
  numbers.ForEach([&found](uint16_t number) { found.push_back(number); });
  EXPECT_EQ(found, inserted);
  EXPECT_TRUE(numbers.Contains(1024));
  EXPECT_FALSE(numbers.Contains(1023));
}

}  // namespace
}  // namespace sluice::authz
