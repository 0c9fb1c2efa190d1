#include "policy/tls/validity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/time/clock.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TestCertificate;
using ::testing::HasSubstr;
using ::testing::StartsWith;

CertificateOptions Between(absl::Duration from, absl::Duration to) {
  CertificateOptions options;
  options.not_before = from;
  options.not_after = to;
  return options;
}

// Valid from and to these times, from now on.
std::string Valid(absl::Duration from, absl::Duration to) {
  return TestCertificate::Authority("ca")
      .Issue(Between(from, to))
      .certificate_pem();
}

std::string SelfSigned(absl::Duration from, absl::Duration to) {
  return TestCertificate::SelfSigned(Between(from, to)).certificate_pem();
}

const absl::Duration kDay = absl::Hours(24);

std::string Warning(const std::string& pem,
                    CertificateUse use = CertificateUse::kShown) {
  return ValidityWarning(pem, use, absl::Now());
}

TEST(ValidityTest, WarnsOfWhatIsNotValidOrNotForLong) {
  EXPECT_EQ(Warning(Valid(-kDay, 90 * kDay)), "");
  EXPECT_EQ(Warning(Valid(-87 * kDay, 4 * kDay)), "");
  EXPECT_THAT(Warning(Valid(-88 * kDay, 2 * kDay)),
              StartsWith("certificate 1 expires soon, at 20"));
  EXPECT_THAT(Warning(Valid(-kDay, -absl::Hours(1))),
              StartsWith("certificate 1 has expired, at 20"));
  EXPECT_THAT(Warning(Valid(kDay, 90 * kDay)),
              StartsWith("certificate 1 is not valid before 20"));
}

TEST(ValidityTest, ShortLivesAreNoReasonToWarn) {
  EXPECT_EQ(Warning(Valid(-absl::Hours(12), absl::Hours(12))), "");
  EXPECT_THAT(Warning(Valid(-absl::Hours(18), absl::Hours(6))),
              HasSubstr("expires soon"));
}

TEST(ValidityTest, OneValidCaIsEnoughAndAChainIsAsGoodAsItsWorst) {
  const std::string good = Valid(-kDay, 90 * kDay);
  const std::string bad = Valid(-kDay, -absl::Hours(1));
  EXPECT_THAT(Warning(good + bad), StartsWith("certificate 2 has expired"));
  EXPECT_EQ(Warning(bad + good, CertificateUse::kTrusted), "");
  EXPECT_THAT(Warning(bad + bad, CertificateUse::kTrusted),
              StartsWith("certificate 1 has expired"));
}

TEST(ValidityTest, ARootThatIsShownBehindTheChainCountsForNothing) {
  const std::string good = Valid(-kDay, 90 * kDay);
  const std::string root = SelfSigned(-90 * kDay, -absl::Hours(1));
  EXPECT_EQ(Warning(good + root), "");
  EXPECT_EQ(FirstExpiry(good + root), FirstExpiry(good));
  // It is not behind one.
  EXPECT_THAT(Warning(root), StartsWith("certificate 1 has expired"));
  EXPECT_LT(FirstExpiry(root), absl::Now());
  EXPECT_THAT(Warning(root, CertificateUse::kTrusted),
              StartsWith("certificate 1 has expired"));
}

TEST(ValidityTest, WhatOnlyExpiresSoonIsNoProblemYet) {
  const auto problem = [](const std::string& pem, CertificateUse use) {
    return ValidityProblem(pem, use, absl::Now());
  };
  const std::string soon = Valid(-88 * kDay, 2 * kDay);
  const std::string bad = Valid(-kDay, -absl::Hours(1));
  EXPECT_EQ(problem(soon, CertificateUse::kShown), "");
  EXPECT_THAT(problem(soon + bad, CertificateUse::kShown),
              StartsWith("certificate 2 has expired, at 20"));
  EXPECT_EQ(problem(bad + soon, CertificateUse::kTrusted), "");
}

TEST(ValidityTest, TellsWhenTheFirstAndTheLastExpire) {
  const absl::Time expiry =
      FirstExpiry(Valid(-kDay, 90 * kDay) + Valid(-kDay, 10 * kDay));
  EXPECT_LT(absl::AbsDuration(expiry - absl::Now() - 10 * kDay),
            absl::Minutes(5));
  EXPECT_EQ(FirstExpiry(""), absl::InfiniteFuture());
  const absl::Time last =
      LastExpiry(Valid(-kDay, 90 * kDay) + Valid(-kDay, 10 * kDay));
  EXPECT_LT(absl::AbsDuration(last - absl::Now() - 90 * kDay),
            absl::Minutes(5));
  EXPECT_EQ(LastExpiry(""), absl::InfiniteFuture());
}

}  // namespace
}  // namespace sluice::policy
