// The program sluice-policy from outside: exit statuses, log and signals.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/grpcpp.h"
#include "nlohmann/json.hpp"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "proxy/base/address.h"
#include "test/policy/testing/anonymous_request.h"
#include "test/proxy/admin_http/http_exchange.h"
#include "test/testing/child_program.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kGoodConfig[] =
    "address: 127.0.0.1:0\n"
    "audience: broker\n"
    "public_topics: [{filter: public/#, permissions: [sub]}]\n";

class Program : public sluice::testing::ChildProgram {
 public:
  explicit Program(std::vector<std::string> arguments)
      : ChildProgram("policy/sluice-policy", std::move(arguments)) {}
};

class SluicePolicyTest : public ::testing::Test {
 protected:
  const sluice::testing::TempDir dir_;
  const std::string config_ = dir_.Write("policy.yaml", kGoodConfig);
};

// Whether the service at `address` grants an anonymous client something.
bool IsGranted(const std::string& address) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(20));
  v1::AuthenticateResponse response;
  const grpc::Status status =
      v1::PolicyService::NewStub(
          grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))
          ->Authenticate(&context, AnonymousRequest(), &response);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return response.has_grant();
}

TEST_F(SluicePolicyTest, ExitStatusesTellUsageFromConfiguration) {
  const std::string bad =
      dir_.Write("bad.yaml", "audience: broker\naddres: x\n");
  const std::string latin1 =
      dir_.Write("latin1.yaml", "address: 127.0.0.1:0\naudience: caf\xe9\n");
  const std::string no_store =
      dir_.Write("store.yaml",
                 "address: unix:/tmp/policy.sock\n"
                 "audience: broker\n"
                 "public_topics: [{filter: public/#, permissions: [sub]}]\n"
                 "store: {sqlite: bad.yaml}\n");
  const struct {
    std::vector<std::string> arguments;
    int status;
    std::string output;
  } kCases[] = {
      {{"--version"}, 0, "sluice-policy 0.1.0\n"},
      {{"--help"}, 0, "usage: sluice-policy --config FILE"},
      {{}, 2, "sluice-policy: --config FILE is missing"},
      {{"--config", config_, "--check"}, 0, ""},
      {{"--config", bad, "--check"}, 1, bad + ":2: addres: "},
      {{"--config", latin1, "--check"},
       1,
       latin1 + ":2: audience: is not UTF-8"},
      {{"--config", no_store, "--check"},
       1,
       absl::StrCat(no_store, ":4: store.sqlite: ", bad,
                    ": not a database of SQLite\n")},
      {{"--config", bad}, 1, bad + ":2: addres: "},
      {{"--config", dir_.path() + "/none", "--check"}, 1, dir_.path()},
  };
  for (const auto& c : kCases) {
    Program program(c.arguments);
    EXPECT_THAT(program.ReadRest(), StartsWith(c.output));
    EXPECT_EQ(program.Wait(), c.status) << c.output;
  }
}

TEST_F(SluicePolicyTest, SaysWhereItListensAndDrainsOnSigterm) {
  Program program({"--config", config_});
  const auto ready = program.ReadEvent("ready");
  EXPECT_TRUE(IsGranted(ready["address"]));
  program.Signal(SIGTERM);
  program.ReadEvent("stopped");
  EXPECT_EQ(program.Wait(), 0);
}

TEST_F(SluicePolicyTest, TellsHealthAndMetricsOverHttp) {
  Program program(
      {"--config",
       dir_.Write(
           "admin.yaml",
           absl::StrCat(kGoodConfig, "admin: {address: 127.0.0.1:0}\n"))});
  const auto ready = program.ReadEvent("ready");
  const Address admin = ParseAddress(ready["admin"].get<std::string>()).value();
  EXPECT_THAT(Get(admin, "/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_THAT(Get(admin, "/readyz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_TRUE(IsGranted(ready["address"]));
  const std::string metrics = Get(admin, "/metrics");
  EXPECT_THAT(metrics,
              HasSubstr("\nsluice_policy_decisions_total{kind=\"authenticate\","
                        "result=\"granted\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("\nsluice_policy_ready 1\n"));
  EXPECT_THAT(metrics, HasSubstr("\nsluice_policy_undecided 0\n"));
  EXPECT_THAT(metrics, HasSubstr("\nprocess_open_fds "));
}

TEST_F(SluicePolicyTest, FailsWhenTheAdminAddressIsTaken) {
  Program first({"--config", config_});
  const std::string address = first.ReadEvent("ready")["address"];
  Program second(
      {"--config", dir_.Write("second.yaml",
                              absl::StrCat(kGoodConfig, "admin: {address: \"",
                                           address, "\"}\n"))});
  EXPECT_THAT(second.ReadEvent("start_failed")["detail"].get<std::string>(),
              HasSubstr(address));
  EXPECT_EQ(second.Wait(), 1);
}

TEST_F(SluicePolicyTest, ReloadsOnSighupAndKeepsWhatWorked) {
  Program program({"--config", config_});
  const std::string address = program.ReadEvent("ready")["address"];

  dir_.Write("policy.yaml", "audience: [\n");
  program.Signal(SIGHUP);
  EXPECT_THAT(program.ReadEvent("reload_failed")["detail"].get<std::string>(),
              StartsWith(config_));
  EXPECT_TRUE(IsGranted(address));

  dir_.Write("policy.yaml", "address: 127.0.0.1:0\naudience: broker\n");
  program.Signal(SIGHUP);
  program.ReadEvent("reloaded");
  EXPECT_FALSE(IsGranted(address));

  dir_.Write("policy.yaml", "address: 127.0.0.1:1\naudience: broker\n");
  program.Signal(SIGHUP);
  EXPECT_EQ(program.ReadEvent("reload_incomplete")["detail"],
            "only a restart takes over: address");
  program.ReadEvent("reloaded");
  EXPECT_FALSE(IsGranted(address));
}

TEST_F(SluicePolicyTest, FailsWhenTheAddressIsTaken) {
  Program first({"--config", config_});
  const std::string address = first.ReadEvent("ready")["address"];
  Program second(
      {"--config", dir_.Write("second.yaml", absl::StrCat("address: ", address,
                                                          "\naudience: b\n"))});
  EXPECT_THAT(second.ReadEvent("start_failed")["detail"].get<std::string>(),
              HasSubstr(address));
  EXPECT_EQ(second.Wait(), 1);
}

// A call that stays under way keeps the drain waiting.
TEST_F(SluicePolicyTest, ASecondSigtermQuitsAtOnce) {
  Program program(
      {"--config",
       dir_.Write(
           "admin.yaml",
           absl::StrCat(kGoodConfig, "admin: {address: 127.0.0.1:0}\n"))});
  const auto ready = program.ReadEvent("ready");
  const std::string address = ready["address"];
  grpc::GenericStub stub(
      grpc::CreateChannel(address, grpc::InsecureChannelCredentials()));
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(20));
  const auto watch =
      stub.PrepareCall(&context, "/grpc.health.v1.Health/Watch", &queue);
  const auto done = [&queue] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  watch->StartCall(nullptr);
  ASSERT_TRUE(done());
  const grpc::Slice everything;  // an empty HealthCheckRequest
  watch->WriteLast(grpc::ByteBuffer(&everything, 1), {}, nullptr);
  ASSERT_TRUE(done());
  grpc::ByteBuffer response;
  watch->Read(&response, nullptr);
  ASSERT_TRUE(done());

  program.Signal(SIGTERM);
  program.ReadEvent("draining");
  const Address admin = ParseAddress(ready["admin"].get<std::string>()).value();
  while (!absl::StrContains(Get(admin, "/readyz"),
                            "\r\n\r\npolicy service: "
                            "draining\n")) {
  }
  EXPECT_THAT(Get(admin, "/healthz"), StartsWith("HTTP/1.1 200 "));
  program.Signal(SIGTERM);
  EXPECT_EQ(program.Wait(), -SIGTERM);

  grpc::Status status;
  watch->Finish(&status, nullptr);
  done();
  queue.Shutdown();
}

}  // namespace
}  // namespace sluice::policy
