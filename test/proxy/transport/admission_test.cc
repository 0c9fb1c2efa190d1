#include "proxy/transport/admission.h"

#include <gtest/gtest.h>

namespace sluice::transport {
namespace {

using Verdict = Admission::Verdict;

const absl::Time kStart = absl::FromUnixSeconds(1700000000);

SocketAddress Client(const char* host, uint16_t port = 1) {
  return *SocketAddress::FromLiteral({host, port});
}

TEST(AdmissionTest, AdmitsWithoutLimits) {
  Admission admission({});
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(admission.Admit(Client("192.0.2.1"), kStart), Verdict::kAdmitted);
  }
  EXPECT_EQ(admission.connections(), 1000u);
}

TEST(AdmissionTest, BoundsConnections) {
  Admission admission({2, 0});
  EXPECT_EQ(admission.Admit(Client("192.0.2.1"), kStart), Verdict::kAdmitted);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1"), kStart), Verdict::kAdmitted);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1"), kStart), Verdict::kTooMany);
  EXPECT_EQ(admission.connections(), 2u);
  admission.Release();
  EXPECT_EQ(admission.Admit(Client("192.0.2.1"), kStart), Verdict::kAdmitted);
  admission.Release();
  admission.Release();
  EXPECT_TRUE(admission.WaitUntilNone(absl::ZeroDuration()));
}

TEST(AdmissionTest, BoundsTheRateOfAnAddressWhateverItsPort) {
  Admission admission({0, 2});
  EXPECT_EQ(admission.Admit(Client("192.0.2.1", 1), kStart),
            Verdict::kAdmitted);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1", 2), kStart),
            Verdict::kAdmitted);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1", 3), kStart), Verdict::kTooFast);
  EXPECT_EQ(admission.Admit(Client("192.0.2.2"), kStart), Verdict::kAdmitted);
  const absl::Time later = kStart + absl::Milliseconds(500);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1"), later), Verdict::kAdmitted);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1"), later), Verdict::kTooFast);
}

TEST(AdmissionTest, KeepsOutAnAddressThatHadItsDenials) {
  Admission admission({0, 0, 2});
  const SocketAddress client = Client("192.0.2.1");
  admission.denials().Charge(client, kStart);
  EXPECT_EQ(admission.Admit(client, kStart), Verdict::kAdmitted);
  admission.denials().Charge(client, kStart);
  EXPECT_EQ(admission.Admit(client, kStart), Verdict::kTooManyDenials);
  EXPECT_EQ(admission.Admit(Client("192.0.2.2"), kStart), Verdict::kAdmitted);
  // Being kept out is no denial.
  EXPECT_EQ(admission.Admit(client, kStart + absl::Milliseconds(500)),
            Verdict::kAdmitted);
  EXPECT_EQ(admission.connections(), 3u);
}

}  // namespace
}  // namespace sluice::transport
