#include "policy/service/revocation_history.h"

#include <gtest/gtest.h>

#include <string>

#include "absl/time/time.h"
#include "policy/revocation/kept_after_end.h"
#include "policy/store/resource_store.h"
#include "proto/sluice/admin/v1/revocation.pb.h"

// What proxies are told of it: see replica_test.cc.

namespace sluice::policy {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'700'000'000);

Resource RevokeUntil(const std::string& id, absl::Time end) {
  admin::v1::Revocation revocation;
  revocation.set_subject("alice");
  revocation.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(end));
  Resource resource;
  resource.collection = "revocations";
  resource.id = id;
  resource.value = revocation.SerializeAsString();
  resource.expires_at = end;
  return resource;
}

TEST(RevocationHistoryTest, ForgetsWhatHasEndedLongBefore) {
  RevocationHistory history({});
  EXPECT_TRUE(history.Add(RevokeUntil("1", kNow)).ok());
  EXPECT_TRUE(history.Add(RevokeUntil("2", kNow)).ok());
  // One that has been prolonged ends when its last version does.
  const absl::Time later = kNow + absl::Seconds(10);
  EXPECT_TRUE(history.Apply({RevokeUntil("2", later)}).ok());
  history.RemoveExpired(kNow + kKeptAfterEnd - absl::Seconds(1));
  EXPECT_EQ(history.size(), 2u);
  history.RemoveExpired(kNow + kKeptAfterEnd);
  EXPECT_EQ(history.size(), 1u);
  history.RemoveExpired(later + kKeptAfterEnd);
  EXPECT_EQ(history.size(), 0u);
}

TEST(RevocationHistoryTest, ForgetsWhatCannotBeReadAsWell) {
  RevocationHistory history({});
  Resource resource = RevokeUntil("1", kNow);
  resource.value = "\xff";
  EXPECT_FALSE(history.Add(resource).ok());
  EXPECT_EQ(history.size(), 1u);
  EXPECT_FALSE(history.CheckReadable(kNow - absl::Seconds(1)).ok());
  EXPECT_TRUE(history.CheckReadable(kNow).ok());
  history.RemoveExpired(kNow + kKeptAfterEnd);
  EXPECT_EQ(history.size(), 0u);
}

}  // namespace
}  // namespace sluice::policy
