#ifndef POLICY_CTL_CONNECTION_H_
#define POLICY_CTL_CONNECTION_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "grpcpp/grpcpp.h"
#include "policy/ctl/command.h"

namespace sluice::ctl {

// The options of all commands that ask a server.
std::vector<OptionSpec> ConnectionOptions();

// A channel to the server of the options, or of the environment. Nothing is
// sent yet. InvalidArgument for options that do not go together;
// FailedPrecondition, naming the file, for one that cannot be read.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Connect(
    const Options& options, const Environment& environment);

// For one call: sets its deadline.
void SetDeadline(grpc::ClientContext* context);

// The name of the resource that is there already, where `status` says so; else
// empty.
std::string ExistingResource(const grpc::Status& status);

// What a call came to, for people: the server's message, the name of its code,
// and, each on a line of its own, what else the server complains of.
absl::Status CallStatus(const grpc::Status& status);

// Which option may be missing, or one too many, where a command of `options`
// has failed with `status` since one side speaks TLS as the other does not;
// else empty. gRPC only says that a handshake failed, or the socket was closed.
std::string TlsHint(const Options& options, const absl::Status& status);

}  // namespace sluice::ctl

#endif  // POLICY_CTL_CONNECTION_H_
