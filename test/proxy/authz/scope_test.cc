#include "proxy/authz/scope.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <utility>

namespace sluice::authz {
namespace {

struct OnePermission {
  const char* filter;
  bool publish;
  bool subscribe;
};

Scope::Permissions Permissions(std::initializer_list<OnePermission> list) {
  Scope::Permissions permissions;
  for (const OnePermission& one : list) {
    policy::v1::Permission* const permission = permissions.Add();
    permission->set_topic_filter(one.filter);
    permission->set_publish(one.publish);
    permission->set_subscribe(one.subscribe);
  }
  return permissions;
}

std::shared_ptr<const Scope> Compiled(
    std::initializer_list<OnePermission> list) {
  auto scope = Scope::Compile(Permissions(list));
  EXPECT_TRUE(scope.ok()) << scope.status();
  return *std::move(scope);
}

TEST(ScopeTest, KeepsPublishingAndSubscribingApart) {
  const auto scope =
      Compiled({{"p", true, false}, {"s/#", false, true}, {"b", true, true}});
  EXPECT_TRUE(scope->publish().Matches("p"));
  EXPECT_FALSE(scope->publish().Matches("s/x"));
  EXPECT_TRUE(scope->publish().Matches("b"));
  EXPECT_FALSE(scope->subscribe().Covers("p"));
  EXPECT_TRUE(scope->subscribe().Covers("s/+"));
  EXPECT_TRUE(scope->subscribe().Covers("b"));
}

// covers: ACE-SCP-2
TEST(ScopeTest, RefusesInvalidFilters) {
  for (const char* filter : {"", "a/#/b", "a+", "$share/g/a", "\xFF"}) {
    EXPECT_FALSE(Scope::Compile(Permissions({{filter, true, true}})).ok())
        << filter;
    EXPECT_FALSE(Scope::Compile(Permissions({{filter, false, false}})).ok())
        << filter;
  }
}

// Also where all else is known already.
TEST(ScopeTest, RefusesInvalidFiltersThatLetDoNothing) {
  const auto held = Compiled({{"a", true, false}});
  EXPECT_FALSE(
      Scope::Compile(Permissions({{"a", true, false}, {"#/", false, false}}))
          .ok());
  EXPECT_TRUE(
      Scope::Compile(Permissions({{"a", true, false}, {"b", false, false}}))
          .ok());
}

TEST(ScopeTest, EqualPermissionsAreSharedAndOthersAreNot) {
  const auto scope = Compiled({{"a", true, false}, {"b", false, true}});
  EXPECT_EQ(Compiled({{"a", true, false}, {"b", false, true}}), scope);
  for (const auto& other : {
           Compiled({}),
           Compiled({{"a", true, false}}),
           Compiled({{"b", false, true}}),
           Compiled({{"a", true, true}, {"b", false, true}}),
           Compiled({{"a", true, false}, {"b", true, true}}),
           Compiled({{"a", false, true}, {"b", true, false}}),
           Compiled(
               {{"a", true, false}, {"b", false, true}, {"c", true, true}}),
           Compiled({{"a", true, false}, {"B", false, true}}),
       }) {
    EXPECT_NE(other, scope);
  }
}

TEST(ScopeTest, IsNotKeptWhenNobodyUsesIt) {
  std::weak_ptr<const Scope> scope = Compiled({{"only/here", true, true}});
  EXPECT_TRUE(scope.expired());
}

}  // namespace
}  // namespace sluice::authz
