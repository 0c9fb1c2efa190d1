#include "policy/ace/rejection.h"

#include <gtest/gtest.h>

namespace sluice::ace {
namespace {

TEST(RejectionTest, TravelsInAStatus) {
  for (const Rejection rejection : {Rejection::kUnparsable, Rejection::kInvalid,
                                    Rejection::kExpired, Rejection::kProof}) {
    const absl::Status status = RejectedError(rejection, "why");
    EXPECT_FALSE(status.ok());
    EXPECT_EQ(status.message(), "why");
    EXPECT_EQ(RejectionOf(status), rejection);
  }
  EXPECT_TRUE(
      absl::IsInvalidArgument(RejectedError(Rejection::kUnparsable, "")));
  EXPECT_TRUE(absl::IsUnauthenticated(RejectedError(Rejection::kProof, "")));
}

TEST(RejectionTest, OtherStatusesCarryNone) {
  EXPECT_EQ(RejectionOf(absl::OkStatus()), std::nullopt);
  EXPECT_EQ(RejectionOf(absl::InternalError("")), std::nullopt);
  EXPECT_EQ(RejectionOf(absl::UnauthenticatedError("")), std::nullopt);
}

}  // namespace
}  // namespace sluice::ace
