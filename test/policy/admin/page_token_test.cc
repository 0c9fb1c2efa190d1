#include "policy/admin/page_token.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::policy {
namespace {

TEST(PageTokenTest, LeadsOnInItsListingOnly) {
  const std::string token = MakePageToken("rules", "id-7");
  EXPECT_EQ(ReadPageToken("rules", token), "id-7");
  EXPECT_EQ(ReadPageToken("other", token), std::nullopt);
  EXPECT_EQ(ReadPageToken("rules", ""), "");
  for (const char* wrong : {"x", "!", "id-7", "AAAAAAAA"}) {
    EXPECT_EQ(ReadPageToken("rules", wrong), std::nullopt) << wrong;
  }
}

TEST(PageTokenTest, PagesAreBounded) {
  EXPECT_EQ(PageSize(0), 100);
  EXPECT_EQ(PageSize(1), 1);
  EXPECT_EQ(PageSize(1000), 1000);
  EXPECT_EQ(PageSize(1001), 1000);
}

TEST(PageTokenTest, APageHasRoomForItemsAndBytes) {
  PageRoom room(2);
  EXPECT_FALSE(room.is_full());
  room.Take(1);
  EXPECT_EQ(room.items(), 1u);
  EXPECT_FALSE(room.is_full());
  room.Take(1);
  EXPECT_TRUE(room.is_full());

  PageRoom bytes(1000);
  bytes.Take(PageRoom::kMaxBytes - 1);
  EXPECT_FALSE(bytes.is_full());
  bytes.Take(1);
  EXPECT_TRUE(bytes.is_full());
}

}  // namespace
}  // namespace sluice::policy
