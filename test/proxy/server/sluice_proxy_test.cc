// The program sluice-proxy from outside: exit statuses, log, admin HTTP and
// signals.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "proxy/base/address.h"
#include "test/proxy/admin_http/http_exchange.h"
#include "test/proxy/server/loopback_listener.h"
#include "test/proxy/server/tls_dialer.h"
#include "test/testing/child_program.h"
#include "test/testing/test_certificates.h"

namespace sluice::server {
namespace {

using ::sluice::testing::TestCertificate;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class Program : public sluice::testing::ChildProgram {
 public:
  explicit Program(std::vector<std::string> arguments)
      : ChildProgram("proxy/sluice-proxy", std::move(arguments)) {}
};

Address Parse(const nlohmann::json& address) {
  return ParseAddress(address.get<std::string>()).value();
}

class SluiceProxyTest : public ::testing::Test {
 protected:
  SluiceProxyTest() {
    WriteCertificate("first.example");
    dir_.Write("policy.yaml",
               "audience: broker\n"
               "public_topics: [{filter: public/#, permissions: [sub]}]\n");
  }

  void WriteCertificate(const std::string& common_name) {
    sluice::testing::CertificateOptions options;
    options.common_name = common_name;
    const auto certificate = TestCertificate::SelfSigned(options);
    dir_.Write("server.crt", certificate.certificate_pem());
    dir_.Write("server.key", certificate.private_key_pem());
  }

  std::string Config(absl::string_view more = "",
                     absl::string_view address = "127.0.0.1:0") {
    return absl::StrCat(
        "listeners:\n"
        "- name: mqtts\n"
        "  address: ",
        address,
        "\n"
        "  tls: {certificate: server.crt, private_key: server.key}\n"
        "upstream: {address: '",
        broker_.address().ToString(),
        "'}\n"
        "policy: {embedded: policy.yaml}\n"
        "admin: {address: 127.0.0.1:0}\n",
        more);
  }

  const sluice::testing::TempDir dir_;
  LoopbackListener broker_;
};

TEST_F(SluiceProxyTest, ExitStatusesTellUsageFromConfiguration) {
  const std::string good = dir_.Write("good.yaml", Config());
  const std::string bad = dir_.Write("bad.yaml", Config("wokers: 1\n"));
  dir_.Write("no_store.yaml", "audience: broker\nstore:\n  sqlite: .\n");
  const std::string no_store = dir_.Write(
      "embeds.yaml",
      absl::StrReplaceAll(Config(), {{"policy.yaml", "no_store.yaml"}}));
  const struct {
    std::vector<std::string> arguments;
    int status;
    std::string output;
  } kCases[] = {
      {{"--version"}, 0, "sluice-proxy 0.1.0\n"},
      {{"--help"}, 0, "usage: sluice-proxy --config FILE"},
      {{}, 2, "sluice-proxy: --config FILE is missing"},
      {{"--config", good, "--check"}, 0, ""},
      {{"--config", bad, "--check"},
       1,
       bad + ":8: wokers: unknown field; did you mean \"workers\"?\n"},
      {{"--config", no_store, "--check"},
       1,
       absl::StrCat(dir_.path(), "/no_store.yaml:3: store.sqlite: ",
                    dir_.path(), "/.: cannot be opened: ")},
      {{"--config", bad}, 1, bad + ":8: wokers: "},
      {{"--config", dir_.path() + "/none", "--check"}, 1, dir_.path()},
  };
  for (const auto& c : kCases) {
    Program program(c.arguments);
    EXPECT_THAT(program.ReadRest(), StartsWith(c.output));
    EXPECT_EQ(program.Wait(), c.status) << c.output;
  }
}

TEST_F(SluiceProxyTest, SaysWhereItListensAndDrainsOnSigterm) {
  Program program({"--config", dir_.Write("proxy.yaml", Config())});
  const auto ready = program.ReadEvent("ready");
  EXPECT_EQ(ready["level"], "info");
  const Address admin = Parse(ready["admin"]);
  EXPECT_THAT(Get(admin, "/healthz"), StartsWith("HTTP/1.1 200 "));
  while (!absl::StartsWith(Get(admin, "/readyz"), "HTTP/1.1 200 "))
    std::this_thread::yield();
  EXPECT_EQ(ServerCommonName(Parse(ready["listeners"]["mqtts"])),
            "first.example");
  EXPECT_THAT(Get(admin, "/metrics"),
              HasSubstr("\nsluice_tls_handshake_duration_seconds_count 1\n"));

  program.Signal(SIGTERM);
  program.ReadEvent("draining");
  program.ReadEvent("stopped");
  EXPECT_EQ(program.Wait(), 0);
}

TEST_F(SluiceProxyTest, SaysReadyAtAnyLevel) {
  Program program(
      {"--config", dir_.Write("proxy.yaml", Config("log: {level: error}\n"))});
  program.ReadEvent("ready");
  program.Signal(SIGTERM);
  EXPECT_EQ(program.ReadRest(), "");
  EXPECT_EQ(program.Wait(), 0);
}

TEST_F(SluiceProxyTest, ReloadsCertificatesAndLevelOnSighup) {
  const std::string config = dir_.Write("proxy.yaml", Config());
  Program program({"--config", config});
  const Address listener =
      Parse(program.ReadEvent("ready")["listeners"]["mqtts"]);
  EXPECT_EQ(ServerCommonName(listener), "first.example");

  WriteCertificate("second.example");
  program.Signal(SIGHUP);
  program.ReadEvent("reloaded");
  EXPECT_EQ(ServerCommonName(listener), "second.example");

  // What can't be used changes nothing.
  dir_.Write("server.key", "nonsense");
  program.Signal(SIGHUP);
  EXPECT_THAT(program.ReadEvent("reload_failed")["detail"].get<std::string>(),
              StartsWith(config + ":4: listeners[0].tls.private_key: "));
  EXPECT_EQ(ServerCommonName(listener), "second.example");

  WriteCertificate("third.example");
  dir_.Write("proxy.yaml", Config("workers: 3\n"));
  program.Signal(SIGHUP);
  program.ReadEvent("reload_incomplete");
  program.ReadEvent("reloaded");
  EXPECT_EQ(ServerCommonName(listener), "third.example");
}

// A listener has another name only after a restart; until then its certificates
// are not to run out.
TEST_F(SluiceProxyTest, AListenerThatIsNotInTheFileAnyMoreIsServed) {
  std::string text = Config();
  const std::string config = dir_.Write("proxy.yaml", text);
  Program program({"--config", config});
  const Address listener =
      Parse(program.ReadEvent("ready")["listeners"]["mqtts"]);
  text.replace(text.find("mqtts"), 5, "other");
  dir_.Write("proxy.yaml", text);
  for (const char* name : {"second.example", "third.example"}) {
    WriteCertificate(name);
    program.Signal(SIGHUP);
    program.ReadEvent("reload_incomplete");
    program.ReadEvent("reloaded");
    EXPECT_EQ(ServerCommonName(listener), name);
  }
}

TEST_F(SluiceProxyTest, SaysWhatOfAnEmbeddedPolicyNeedsARestart) {
  Program program({"--config", dir_.Write("proxy.yaml", Config())});
  program.ReadEvent("ready");
  dir_.Write("policy.yaml",
             "audience: broker\n"
             "public_topics: [{filter: public/#, permissions: [sub]}]\n"
             "store: {sqlite: policy.db}\n");
  program.Signal(SIGHUP);
  EXPECT_THAT(
      program.ReadEvent("reload_incomplete")["detail"].get<std::string>(),
      HasSubstr("policy.embedded: only a restart takes over: store"));
  program.ReadEvent("reloaded");
}

TEST_F(SluiceProxyTest, FailsWhenAnAddressIsTaken) {
  Program program(
      {"--config",
       dir_.Write("proxy.yaml", Config("", broker_.address().ToString()))});
  EXPECT_THAT(program.ReadEvent("start_failed")["detail"].get<std::string>(),
              HasSubstr(broker_.address().ToString()));
  EXPECT_EQ(program.Wait(), 1);
}

}  // namespace
}  // namespace sluice::server
