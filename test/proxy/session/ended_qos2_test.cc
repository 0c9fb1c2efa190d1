#include "proxy/session/ended_qos2.h"

#include <gtest/gtest.h>

namespace sluice::session {
namespace {

using Place = EndedQos2::Place;

TEST(EndedQos2Test, ReleasesGoWhereTheMessageEnded) {
  EndedQos2 ended;
  ended.Deny(1);
  ended.Take(2);
  EXPECT_EQ(ended.Release(1), Place::kDenied);
  EXPECT_EQ(ended.Release(2), Place::kTaken);
  EXPECT_EQ(ended.Release(3), Place::kBroker);
  // Once.
  EXPECT_EQ(ended.Release(1), Place::kBroker);
  EXPECT_EQ(ended.Release(2), Place::kBroker);
}

TEST(EndedQos2Test, TheLastMessageOfAnIdentifierCounts) {
  EndedQos2 ended;
  ended.Deny(1);
  ended.Take(1);
  EXPECT_EQ(ended.Release(1), Place::kTaken);
  ended.Take(1);
  ended.Deny(1);
  EXPECT_EQ(ended.Release(1), Place::kDenied);
  EXPECT_EQ(ended.Release(1), Place::kBroker);
  ended.Deny(1);
  ended.Forward(1);
  EXPECT_EQ(ended.Release(1), Place::kBroker);
  ended.Take(1);
  ended.Forward(1);
  EXPECT_EQ(ended.Release(1), Place::kBroker);
}

TEST(EndedQos2Test, ADeniedResendIsRememberedUntilItGoesOn) {
  EndedQos2 ended;
  ended.NoteDeniedResend(1);
  ended.Deny(1);
  EXPECT_EQ(ended.Release(1), Place::kDenied);
  EXPECT_TRUE(ended.BrokerMayHave(1));
  EXPECT_FALSE(ended.BrokerMayHave(2));
  ended.ForgetDeniedResend(1);
  EXPECT_FALSE(ended.BrokerMayHave(1));
}

}  // namespace
}  // namespace sluice::session
