// Puts load on an MQTT broker or proxy. See `mqtt_load --help`.

#include <arpa/inet.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "proxy/base/program_options.h"
#include "test/bench/load/ace_client.h"
#include "test/bench/load/connect_rate.h"
#include "test/bench/load/idle.h"
#include "test/bench/load/measurement.h"
#include "test/bench/load/options.h"
#include "test/bench/load/pub_sub.h"
#include "test/bench/load/tls_client.h"
#include "test/bench/load/workload.h"

namespace sluice::load {
namespace {

// As many descriptors as are allowed, and timers that are not late on purpose.
void PrepareProcess() {
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_TIMERSLACK, 1000UL);
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

absl::StatusOr<ConnectionContext> MakeContext(const Options& options) {
  ConnectionContext context;
  context.options = &options;
  context.address.sin_family = AF_INET;
  context.address.sin_port = htons(options.port);
  if (inet_pton(AF_INET, options.host.c_str(), &context.address.sin_addr) !=
      1) {
    return absl::InvalidArgumentError(
        absl::StrCat("--host: not an IPv4 address: ", options.host));
  }
  if (options.tls) {
    absl::StatusOr<TlsClient> tls = TlsClient::Create(options);
    if (!tls.ok()) return tls.status();
    context.tls = *std::move(tls);
  }
  if (options.ace) {
    absl::StatusOr<AceClient> ace =
        AceClient::Load(options.token_file, options.key_file);
    if (!ace.ok()) return ace.status();
    if (!options.issuer_key_file.empty()) {
      absl::Status s = ace->SignNewTokens(options.issuer_key_file);
      if (!s.ok()) return s;
    }
    context.ace = *std::move(ace);
  }
  return context;
}

absl::StatusOr<std::string> Run(const Options& options) {
  absl::StatusOr<ConnectionContext> context = MakeContext(options);
  if (!context.ok()) return context.status();
  absl::StatusOr<Measurement> measurement = Measurement::Of(options.pids);
  if (!measurement.ok()) return measurement.status();
  std::unique_ptr<Workload> workload;
  switch (options.mode) {
    case Mode::kPubSub:
      workload = std::make_unique<PubSub>(options, *std::move(context),
                                          *std::move(measurement));
      break;
    case Mode::kConnect:
      workload = std::make_unique<ConnectRate>(options, *std::move(context),
                                               *std::move(measurement));
      break;
    case Mode::kIdle:
      workload = std::make_unique<Idle>(options, *std::move(context),
                                        *std::move(measurement));
      break;
  }
  return workload->Run();
}

int Main(const std::vector<std::string>& args) {
  if (std::find(args.begin(), args.end(), "--help") != args.end()) {
    std::cout << Usage();
    return kExitSuccess;
  }
  absl::StatusOr<Options> options = ParseOptions(args);
  if (!options.ok()) {
    std::cerr << "mqtt_load: " << options.status().message()
              << " (--help lists the flags)\n";
    return kExitUsage;
  }
  PrepareProcess();
  absl::StatusOr<std::string> result = Run(*options);
  if (!result.ok()) {
    std::cerr << "mqtt_load: " << result.status().message() << "\n";
    return kExitFailure;
  }
  std::cout << *result << "\n";
  return kExitSuccess;
}

}  // namespace
}  // namespace sluice::load

int main(int argc, char** argv) {
  return sluice::load::Main(std::vector<std::string>(argv + 1, argv + argc));
}
