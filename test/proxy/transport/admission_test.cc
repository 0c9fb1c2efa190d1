#include "proxy/transport/admission.h"

#include <gtest/gtest.h>

namespace sluice::transport {
namespace {

using Verdict = Admission::Verdict;

uint64_t g_now = 0;  // nanoseconds

uint64_t Now() { return g_now; }

SocketAddress Client(const char* host, uint16_t port = 1) {
  return *SocketAddress::FromLiteral({host, port});
}

TEST(AdmissionTest, AdmitsWithoutLimits) {
  Admission admission({});
  for (int i = 0; i < 1000; ++i) {
    ASSERT_EQ(admission.Admit(Client("192.0.2.1")), Verdict::kAdmitted);
  }
  EXPECT_EQ(admission.connections(), 1000u);
}

TEST(AdmissionTest, BoundsConnections) {
  Admission admission({2, 0});
  EXPECT_EQ(admission.Admit(Client("192.0.2.1")), Verdict::kAdmitted);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1")), Verdict::kAdmitted);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1")), Verdict::kTooMany);
  EXPECT_EQ(admission.connections(), 2u);
  admission.Release();
  EXPECT_EQ(admission.Admit(Client("192.0.2.1")), Verdict::kAdmitted);
  admission.Release();
  admission.Release();
  EXPECT_TRUE(admission.WaitUntilNone(absl::ZeroDuration()));
}

TEST(AdmissionTest, BoundsTheRateOfAnAddressWhateverItsPort) {
  Admission admission({0, 2}, Now);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1", 1)), Verdict::kAdmitted);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1", 2)), Verdict::kAdmitted);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1", 3)), Verdict::kTooFast);
  EXPECT_EQ(admission.Admit(Client("192.0.2.2")), Verdict::kAdmitted);
  g_now += 500'000'000;
  EXPECT_EQ(admission.Admit(Client("192.0.2.1")), Verdict::kAdmitted);
  EXPECT_EQ(admission.Admit(Client("192.0.2.1")), Verdict::kTooFast);
}

TEST(AdmissionTest, KeepsOutAnAddressThatHadItsDenials) {
  Admission admission({0, 0, 2}, Now);
  const SocketAddress client = Client("192.0.2.1");
  admission.denials().Charge(client);
  EXPECT_EQ(admission.Admit(client), Verdict::kAdmitted);
  admission.denials().Charge(client);
  EXPECT_EQ(admission.Admit(client), Verdict::kTooManyDenials);
  EXPECT_EQ(admission.Admit(Client("192.0.2.2")), Verdict::kAdmitted);
  // Being kept out is no denial.
  g_now += 500'000'000;
  EXPECT_EQ(admission.Admit(client), Verdict::kAdmitted);
  EXPECT_EQ(admission.connections(), 3u);
}

}  // namespace
}  // namespace sluice::transport
