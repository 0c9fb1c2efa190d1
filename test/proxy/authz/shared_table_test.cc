#include "proxy/authz/shared_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace sluice::authz {
namespace {

class SharedTableTest : public ::testing::Test {
 protected:
  static auto Is(const std::string& text) {
    return [&text](const std::string& value) { return value == text; };
  }
  std::shared_ptr<const std::string> Find(const std::string& text) {
    return table_.Find(text.size(), Is(text));
  }
  std::shared_ptr<const std::string> Add(const std::string& text) {
    return table_.Add(text.size(), Is(text),
                      std::make_shared<const std::string>(text));
  }

  SharedTable<std::string> table_;
};

TEST_F(SharedTableTest, FindsWhatIsInUse) {
  EXPECT_EQ(Find("a"), nullptr);
  auto a = Add("a");
  EXPECT_EQ(Find("a"), a);
  a.reset();
  EXPECT_EQ(Find("a"), nullptr);
}

TEST_F(SharedTableTest, WhoIsSecondTakesWhatThereIs) {
  const auto a = Add("a");
  EXPECT_EQ(Add("a"), a);
  EXPECT_EQ(table_.size(), 1u);
}

TEST_F(SharedTableTest, ValuesOfTheSameHashAreToldApart) {
  const auto a = Add("a");
  const auto b = Add("b");
  EXPECT_NE(a, b);
  EXPECT_EQ(Find("a"), a);
  EXPECT_EQ(Find("b"), b);
  EXPECT_EQ(Find("c"), nullptr);
}

TEST_F(SharedTableTest, WhatIsGoneDoesNotPileUp) {
  std::vector<std::shared_ptr<const std::string>> held;
  for (int i = 0; i < 100; ++i) held.push_back(Add(absl::StrCat("held ", i)));
  for (int i = 0; i < 10000; ++i) {
    Add(absl::StrCat(i));
    ASSERT_LE(table_.size(), 2 * held.size() + 64);
  }
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Find(absl::StrCat("held ", i)), held[static_cast<size_t>(i)]);
  }
}

}  // namespace
}  // namespace sluice::authz
