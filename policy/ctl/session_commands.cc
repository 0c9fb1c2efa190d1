#include "policy/ctl/session_commands.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "policy/ctl/call.h"
#include "policy/ctl/output.h"
#include "proto/sluice/admin/v1/session.grpc.pb.h"

namespace sluice::ctl {
namespace {

using admin::v1::SessionService;

absl::Status ListAll(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<SessionService>(options, environment);
  if (!stub.ok()) return stub.status();
  admin::v1::ListSessionsRequest request;
  request.set_subject(options.Find("subject").value_or(""));
  request.set_client_id(options.Find("client-id").value_or(""));
  const auto all =
      CallForAll(**stub, &SessionService::Stub::ListSessions, request);
  if (!all.ok()) return all.status();
  Table table({"NAME", "CLIENT ID", "SUBJECT", "ADDRESS", "MQTT", "CONNECTED",
               "EXPIRES"});
  for (const admin::v1::Session& session : all->sessions()) {
    table.Add({session.name(), session.client_id(), session.subject(),
               session.client_address(), session.protocol_version(),
               TimeText(session.connect_time()),
               TimeText(session.expire_time())});
  }
  absl::Status printed = Print(*all, table, options, environment);
  if (!printed.ok() || all->unanswered_proxies().empty()) return printed;
  return absl::DeadlineExceededError(
      absl::StrCat("sessions are missing, since these proxies do not answer: ",
                   absl::StrJoin(all->unanswered_proxies(), ", ")));
}

absl::Status Disconnect(const Options& options,
                        const Environment& environment) {
  const auto stub = ConnectTo<SessionService>(options, environment);
  if (!stub.ok()) return stub.status();
  admin::v1::DisconnectSessionRequest request;
  request.set_name(options.arguments()[0]);
  return PrintNothing(
      Call(**stub, &SessionService::Stub::DisconnectSession, request).status(),
      options, environment);
}

}  // namespace

std::vector<Command> SessionCommands() {
  return {
      {"session",
       "list",
       "Show the clients that are connected",
       "Through the proxies that watch this policy service. Where one does "
       "not\n"
       "answer, the others' clients are shown, it is named, and the status is "
       "1.\n",
       {
           {"subject", "SUBJECT", false, "only this subject's"},
           {"client-id", "ID", false, "only this MQTT Client Identifier's"},
       },
       &ListAll,
       {},
       true},
      {"session",
       "disconnect",
       "Disconnect a client",
       "It may come again; to keep it out, revoke. Nothing is printed.\n",
       {},
       &Disconnect,
       {{"NAME", true, "as the list shows it: proxies/PROXY/sessions/ID"}},
       true},
  };
}

}  // namespace sluice::ctl
