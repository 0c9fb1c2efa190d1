#include "proxy/server/listener_certificates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "test/testing/test_certificates.h"
#include "test/testing/waiting_sink.h"

namespace sluice::server {
namespace {

using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;
using ::sluice::testing::WaitingSink;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class ListenerCertificatesTest : public ::testing::Test {
 protected:
  // Puts a certificate that is valid for so long into NAME.crt.
  void Write(const std::string& name, absl::Duration valid_for) {
    CertificateOptions options;
    options.not_after = valid_for;
    dir_.Write(name + ".crt",
               TestCertificate::SelfSigned(options).certificate_pem());
  }
  MqttListenerConfig Listener(const std::string& name,
                              const std::vector<std::string>& certificates) {
    MqttListenerConfig listener;
    listener.name = name;
    for (const std::string& certificate : certificates) {
      const std::string path = absl::StrCat(dir_.path(), "/", certificate);
      listener.certificates.push_back({path + ".crt", path + ".key"});
    }
    return listener;
  }

  const absl::Time now_ = absl::Now();
  const TempDir dir_;
  WaitingSink sink_;
  Logger log_{&sink_, LogLevel::kInfo, LogFormat::kJson};
  ListenerCertificates certificates_{&log_};
};

TEST_F(ListenerCertificatesTest, FilesAreThoseOfAllPairs) {
  Config config;
  config.listeners = {Listener("a", {"one", "two"}), Listener("b", {"one"})};
  const std::string one = dir_.path() + "/one", two = dir_.path() + "/two";
  EXPECT_THAT(ListenerCertificates::Files(config),
              ElementsAre(one + ".crt", one + ".key", two + ".crt",
                          two + ".key", one + ".crt", one + ".key"));
}

TEST_F(ListenerCertificatesTest, TheFirstToExpireCountsForItsListener) {
  Write("month", absl::Hours(30 * 24));
  Write("day", absl::Hours(24));
  const MqttListenerConfig both = Listener("both", {"month", "day"});
  const MqttListenerConfig one = Listener("one", {"month"});
  certificates_.Remember(both);
  certificates_.Remember(one);

  const std::vector<CertificateExpiry> expiries = certificates_.Expiries();
  ASSERT_EQ(expiries.size(), 2u);
  EXPECT_EQ(expiries[0].listener, "both");
  EXPECT_LT(expiries[0].not_after, now_ + absl::Hours(25));
  EXPECT_EQ(expiries[1].listener, "one");
  EXPECT_GT(expiries[1].not_after, now_ + absl::Hours(29 * 24));
}

TEST_F(ListenerCertificatesTest, WhatIsWrittenLaterIsNotInUse) {
  Write("server", absl::Hours(365 * 24));
  const MqttListenerConfig listener = Listener("tls", {"server"});
  certificates_.Remember(listener);
  Write("server", -absl::Minutes(1));
  certificates_.WarnOfValidity(now_);  // of nothing
  ASSERT_EQ(certificates_.Expiries().size(), 1u);
  EXPECT_GT(certificates_.Expiries()[0].not_after, now_);

  certificates_.Remember(listener);
  EXPECT_LT(certificates_.Expiries()[0].not_after, now_);
  certificates_.WarnOfValidity(now_);
  const std::vector<std::string> lines =
      absl::StrSplit(sink_.WaitFor("config_warning"), '\n', absl::SkipEmpty());
  EXPECT_THAT(lines, ElementsAre(HasSubstr("server.crt: ")));
}

TEST_F(ListenerCertificatesTest, OfOthersNothingIsReadAgain) {
  Write("a", absl::Hours(48));
  Write("b", absl::Hours(48));
  certificates_.Remember(Listener("a", {"a"}));
  certificates_.Remember(Listener("b", {"b"}));
  Write("a", -absl::Minutes(1));
  certificates_.Remember(Listener("b", {"b"}));
  ASSERT_EQ(certificates_.Expiries().size(), 2u);
  EXPECT_GT(certificates_.Expiries()[0].not_after, now_);
}

TEST_F(ListenerCertificatesTest, AFileThatHasGoneIsLeftOut) {
  const MqttListenerConfig listener = Listener("tls", {"none"});
  certificates_.Remember(listener);
  EXPECT_TRUE(certificates_.Expiries().empty());
}

}  // namespace
}  // namespace sluice::server
