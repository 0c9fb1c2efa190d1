#include "proxy/authz/rule_set.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proxy/mqtt/topic.h"
#include "test/proxy/authz/enumerate.h"
#include "test/proxy/mqtt/reference_filters.h"
#include "test/testing/rule_text.h"

namespace sluice::authz {
namespace {

using ::sluice::testing::RuleFromText;
using Messages = google::protobuf::RepeatedPtrField<policy::v1::Rule>;

RuleSet Compiled(const Messages& messages) {
  policy::v1::Grant grant;
  for (const policy::v1::Rule& message : messages) {
    grant.add_rules(message.SerializeAsString());
  }
  absl::StatusOr<RuleSet> set = RuleSet::Compile(grant.rules());
  EXPECT_TRUE(set.ok()) << set.status();
  return *std::move(set);
}

TEST(RuleSetTest, OneBadRuleIsNoRuleSet) {
  policy::v1::Grant grant;
  grant.add_rules(RuleFromText("name: 'r' publish: true deny {}"));
  EXPECT_TRUE(RuleSet::Compile(grant.rules()).ok());
  grant.add_rules("");
  EXPECT_FALSE(RuleSet::Compile(grant.rules()).ok());
}

TEST(RuleSetTest, TellsDenialsFromWhatIsLeft) {
  policy::v1::Grant grant;
  grant.add_rules(RuleFromText(
      "name: 'shadow' shadow: true publish: true subscribe: true deny {}"));
  grant.add_rules(RuleFromText(
      "name: 'deny' publish: true subscribe: true topic_filters: 'a' deny {}"));
  grant.add_rules(RuleFromText(
      "name: 'limit' publish: true subscribe: true limits { max_qos: 1 }"));
  const absl::StatusOr<RuleSet> set = RuleSet::Compile(grant.rules());
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->OnPublish("a").denial->name(), "deny");
  EXPECT_EQ(set->OnPublish("b").denial, nullptr);
  EXPECT_EQ(set->OnDelivery("a").denial->name(), "deny");
  EXPECT_EQ(set->OnSubscription("+").denial->name(), "deny");
  EXPECT_EQ(set->OnSubscription("b").denial, nullptr);
  EXPECT_EQ(set->OnPublish("b").others, (RuleSet::Places{0, 2}));
  EXPECT_EQ(set->OnDelivery("b").others, (RuleSet::Places{0}));
  EXPECT_EQ(set->OnSubscription("b").others, (RuleSet::Places{0, 2}));
  EXPECT_EQ(set->MaxQos({0, 2}), 1);
}

TEST(RuleSetTest, AnEnforcedRuleIsNamedBeforeAShadow) {
  policy::v1::Grant grant;
  grant.add_rules(
      RuleFromText("name: 'shadow' shadow: true publish: true deny {}"));
  grant.add_rules(
      RuleFromText("name: 'limit' publish: true limits { no_will: true }"));
  const absl::StatusOr<RuleSet> set = RuleSet::Compile(grant.rules());
  ASSERT_TRUE(set.ok());
  EXPECT_EQ(set->JudgeWill({0, 1}, {}).rule->name(), "limit");
  EXPECT_EQ(set->JudgeWill({0}, {}).rule->name(), "shadow");
  EXPECT_EQ(set->JudgeWill({}, {}).rule, nullptr);
}

// What a rule's message says, by the functions for one filter.
bool HasTopic(const policy::v1::Rule& rule, const std::string& topic) {
  const auto matches = [&topic](const std::string& filter) {
    return mqtt::TopicMatches(filter, topic);
  };
  const auto& own = rule.topic_filters();
  const auto& except = rule.except_topic_filters();
  return (own.empty() || std::any_of(own.begin(), own.end(), matches)) &&
         std::none_of(except.begin(), except.end(), matches);
}

bool HasSomeOf(const policy::v1::Rule& rule, const std::string& filter) {
  const auto& own = rule.topic_filters();
  const auto& except = rule.except_topic_filters();
  return (own.empty() || std::any_of(own.begin(), own.end(),
                                     [&filter](const std::string& own) {
                                       return mqtt::FiltersOverlap(own, filter);
                                     })) &&
         std::none_of(except.begin(), except.end(),
                      [&filter](const std::string& except) {
                        return mqtt::FilterIsSubset(filter, except);
                      });
}

template <typename IsAbout>
void ExpectRuling(const RuleSet::Ruling& ruling, const RuleSet& set,
                  const Messages& messages, IsAbout is_about) {
  const Rule* denial = nullptr;
  RuleSet::Places others;
  for (int i = 0; i < messages.size(); ++i) {
    if (!is_about(messages[i])) continue;
    const auto place = static_cast<uint16_t>(i);
    if (!messages[i].has_deny() || messages[i].shadow()) {
      others.push_back(place);
    } else if (denial == nullptr) {
      denial = &set.at(place);
    }
  }
  EXPECT_EQ(ruling.denial, denial);
  EXPECT_EQ(ruling.others, others);
}

class RandomRules {
 public:
  policy::v1::Rule Make(const std::string& name) {
    policy::v1::Rule rule;
    rule.set_name(name);
    rule.set_shadow(random_() % 3 == 0);
    rule.set_publish(random_() % 3 != 0);
    rule.set_subscribe(!rule.publish() || random_() % 2 == 0);
    for (unsigned i = random_() % 4; i > 0; --i) {
      rule.add_topic_filters(Filter());
    }
    for (unsigned i = random_() % 3; i > 0; --i) {
      rule.add_except_topic_filters(Filter());
    }
    switch (random_() % 3) {
      case 0:
        rule.mutable_deny();
        break;
      case 1:
        rule.mutable_limits()->set_max_qos(1);
        break;
      default:
        rule.mutable_external_check()->set_checker("c");
        break;
    }
    return rule;
  }

  void ExpectSoundness(const RuleSet& set, const Messages& messages) {
    ASSERT_EQ(set.rules().size(), static_cast<size_t>(messages.size()));
    for (int i = 0; i < 30; ++i) {
      const std::string topic = topics_[random_() % topics_.size()];
      const std::string filter = Filter();
      SCOPED_TRACE(absl::StrCat(topic, " ", filter));
      ExpectRuling(set.OnPublish(topic), set, messages,
                   [&topic](const policy::v1::Rule& rule) {
                     return rule.publish() && HasTopic(rule, topic);
                   });
      ExpectRuling(set.OnDelivery(topic), set, messages,
                   [&topic](const policy::v1::Rule& rule) {
                     return (rule.has_deny() ||
                             (rule.has_external_check() && !rule.shadow())) &&
                            rule.subscribe() && HasTopic(rule, topic);
                   });
      ExpectRuling(set.OnSubscription(filter), set, messages,
                   [&filter](const policy::v1::Rule& rule) {
                     return rule.subscribe() && HasSomeOf(rule, filter);
                   });
    }
  }

  unsigned Below(int bound) { return random_() % static_cast<unsigned>(bound); }

 private:
  const std::string& Filter() { return filters_[random_() % filters_.size()]; }

  std::mt19937 random_{20261128};
  const std::vector<std::string> filters_ = EnumerateFilters(3);
  const std::vector<std::string> topics_ = EnumerateTopics(3);
};

TEST(RuleSetTest, SaysWhatItsRulesSayOneByOne) {
  RandomRules random;
  for (int round = 0; round < 100; ++round) {
    Messages messages;
    for (unsigned i = random.Below(8); i > 0; --i) {
      *messages.Add() = random.Make(absl::StrCat("r", i));
    }
    random.ExpectSoundness(Compiled(messages), messages);
  }
}

// Sets that go with the index of another: some rules are new, some gone, some
// have changed places, some are there twice.
TEST(RuleSetTest, SaysTheSameWhateverOtherSetsThereAre) {
  RandomRules random;
  Messages messages;
  for (int i = 0; i < 100; ++i) {
    *messages.Add() = random.Make(absl::StrCat("r", i));
  }
  std::vector<RuleSet> held;
  for (int round = 0; round < 150; ++round) {
    for (unsigned i = random.Below(4); i > 0; --i) {
      *messages.Mutable(static_cast<int>(random.Below(messages.size()))) =
          random.Make(absl::StrCat("round ", round, " ", i));
    }
    messages.SwapElements(static_cast<int>(random.Below(messages.size())),
                          static_cast<int>(random.Below(messages.size())));
    *messages.Add() = messages[static_cast<int>(random.Below(messages.size()))];
    if (random.Below(3) == 0) messages.DeleteSubrange(0, 5);
    held.push_back(Compiled(messages));
    random.ExpectSoundness(held.back(), messages);
    if (random.Below(4) == 0) held.erase(held.begin());
  }
  EXPECT_GT(held.size(), 50u);
}

TEST(RuleSetTest, EqualSetsAreOne) {
  RandomRules random;
  Messages messages;
  *messages.Add() = random.Make("a");
  *messages.Add() = random.Make("b");
  const RuleSet set = Compiled(messages);
  EXPECT_EQ(&Compiled(messages).rules(), &set.rules());
  messages.SwapElements(0, 1);
  const RuleSet other = Compiled(messages);
  EXPECT_NE(&other.rules(), &set.rules());
  EXPECT_TRUE(other.at(0) == set.at(1));
}

TEST(RuleSetTest, MayBeCompiledAndUsedByManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int round = 0; round < 50; ++round) {
        Messages messages;
        for (int i = 0; i < 64; ++i) {
          policy::v1::Rule* rule = messages.Add();
          rule->set_name(absl::StrCat(i));
          rule->set_publish(true);
          rule->add_topic_filters(absl::StrCat("a/", i));
          rule->mutable_deny();
        }
        messages.Mutable(t)->add_topic_filters(absl::StrCat("b/", t));
        const RuleSet set = Compiled(messages);
        EXPECT_EQ(set.OnPublish("a/63").denial, &set.at(63));
        EXPECT_EQ(set.OnPublish(absl::StrCat("b/", t)).denial,
                  &set.at(static_cast<uint16_t>(t)));
        EXPECT_EQ(set.OnPublish("b/x").denial, nullptr);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace sluice::authz
