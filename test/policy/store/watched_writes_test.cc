#include "policy/store/watched_writes.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "policy/store/memory_resource_store.h"

namespace sluice::policy {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Resource Named(const std::string& id) {
  Resource resource;
  resource.collection = "rules";
  resource.id = id;
  resource.value = "value";
  return resource;
}

TEST(WatchedWritesTest, TellsWhatTheStoreHasNoRoomFor) {
  ResourceLimits limits;
  limits.max_resources = 1;
  std::vector<std::string> failures;
  WatchedWrites store(std::make_shared<MemoryResourceStore>(limits),
                      [&failures](const absl::Status& status) {
                        failures.push_back(std::string(status.message()));
                      });
  EXPECT_TRUE(store.Put(Named("a"), std::nullopt, kNow).ok());
  EXPECT_TRUE(store.Put(Named("a"), std::nullopt, kNow).ok());
  // Is the caller's affair.
  EXPECT_FALSE(store.Put(Named("a"), 0, kNow).ok());
  EXPECT_FALSE(store.Delete("rules", "b", std::nullopt, kNow).ok());
  EXPECT_TRUE(failures.empty());
  EXPECT_FALSE(store.Put(Named("b"), std::nullopt, kNow).ok());
  EXPECT_EQ(failures, std::vector<std::string>({"the store is full"}));
  const auto found = store.List("rules", "", 10, kNow);
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->size(), 1u);
  EXPECT_TRUE(store.Delete("rules", "a", std::nullopt, kNow).ok());
  EXPECT_EQ(failures.size(), 1u);
}

}  // namespace
}  // namespace sluice::policy
