#ifndef TEST_POLICY_CTL_REMOTE_HARNESS_H_
#define TEST_POLICY_CTL_REMOTE_HARNESS_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "nlohmann/json.hpp"
#include "policy/server/policy_server.h"
#include "proxy/base/log.h"
#include "test/testing/string_sink.h"
#include "test/testing/test_certificates.h"

namespace sluice::ctl {

// A policy service, and sluicectl, which asks it.
class RemoteHarness : public ::testing::Test {
 protected:
  using Json = nlohmann::json;
  struct Result {
    int status;
    std::string out;
    std::string err;
  };

  static absl::Time Now() { return absl::FromUnixSeconds(1'700'000'000); }

  RemoteHarness() { Serve(""); }

  // Starts it anew, with `more` in its configuration.
  void Serve(const std::string& more);

  Result Run(const std::vector<std::string>& arguments);
  // What is printed by a command that succeeds.
  std::string Output(const std::vector<std::string>& arguments);
  Json OutputJson(std::vector<std::string> arguments);
  // What is complained about.
  std::string Failure(const std::vector<std::string>& arguments,
                      int status = 1);

  const testing::TempDir dir_;
  testing::StringSink sink_;
  Logger log_{&sink_, LogLevel::kInfo, LogFormat::kJson};
  std::unique_ptr<policy::PolicyServer> server_;
};

}  // namespace sluice::ctl

#endif  // TEST_POLICY_CTL_REMOTE_HARNESS_H_
