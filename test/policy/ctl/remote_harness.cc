#include "test/policy/ctl/remote_harness.h"

#include <sstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ctl/program.h"
#include "policy/server/config.h"

namespace sluice::ctl {

void RemoteHarness::Serve(const std::string& more) {
  const std::string path = dir_.Write(
      "policy.yaml",
      absl::StrCat("address: 127.0.0.1:0\naudience: broker\n", more));
  auto config = policy::LoadConfig(path, policy::Hosting::kStandalone);
  ASSERT_TRUE(config.ok()) << config.status();
  server_ =
      std::make_unique<policy::PolicyServer>(*std::move(config), &Now, &log_);
  ASSERT_TRUE(server_->Listen().ok());
}

RemoteHarness::Result RemoteHarness::Run(
    const std::vector<std::string>& arguments) {
  const std::vector<absl::string_view> views(arguments.begin(),
                                             arguments.end());
  std::ostringstream out;
  std::ostringstream err;
  const int status = RunProgram(views, {out, err, Now(), server_->address()});
  return {status, out.str(), err.str()};
}

std::string RemoteHarness::Output(const std::vector<std::string>& arguments) {
  const Result result = Run(arguments);
  EXPECT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.err, "");
  return result.out;
}

RemoteHarness::Json RemoteHarness::OutputJson(
    std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"--output", "json"});
  return Json::parse(Output(arguments), nullptr, false);
}

std::string RemoteHarness::Failure(const std::vector<std::string>& arguments,
                                   int status) {
  const Result result = Run(arguments);
  EXPECT_EQ(result.status, status);
  EXPECT_EQ(result.out, "");
  return result.err;
}

}  // namespace sluice::ctl
