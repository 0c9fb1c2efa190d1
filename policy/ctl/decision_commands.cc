#include "policy/ctl/decision_commands.h"

#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "google/protobuf/descriptor.h"
#include "policy/ctl/connection.h"
#include "policy/ctl/output.h"
#include "proto/sluice/admin/v1/decision.grpc.pb.h"
#include "proto/timestamp.h"
#include "proxy/base/utc_time.h"

namespace sluice::ctl {
namespace {

using admin::v1::WatchDecisionsRequest;
using admin::v1::WatchDecisionsResponse;
using policy::v1::Decision;

// "ACTION_STORE_TOKEN" is "store_token" to people, as in the decision log.
constexpr absl::string_view kActionPrefix = "ACTION_";
constexpr absl::string_view kResultPrefix = "RESULT_";

std::string NameOf(const std::string& enum_name, absl::string_view prefix) {
  return absl::AsciiStrToLower(enum_name.substr(prefix.size()));
}

// The value of the option `name`; 0 where it is not there.
absl::StatusOr<int> FindEnum(const Options& options, absl::string_view name,
                             const google::protobuf::EnumDescriptor& type,
                             absl::string_view prefix) {
  const std::optional<std::string> text = options.Find(name);
  if (!text.has_value()) return 0;
  std::string expected;
  for (int i = 1; i < type.value_count(); ++i) {
    const std::string value = NameOf(type.value(i)->name(), prefix);
    if (value == *text) return type.value(i)->number();
    absl::StrAppend(&expected, i == 1 ? "" : ", ", value);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("--", name, " is none of ", expected));
}

absl::StatusOr<WatchDecisionsRequest> MakeRequest(const Options& options) {
  const auto action = FindEnum(options, "action",
                               *Decision::Action_descriptor(), kActionPrefix);
  if (!action.ok()) return action.status();
  const auto result = FindEnum(options, "result",
                               *Decision::Result_descriptor(), kResultPrefix);
  if (!result.ok()) return result.status();
  WatchDecisionsRequest request;
  request.set_action(static_cast<Decision::Action>(*action));
  request.set_result(static_cast<Decision::Result>(*result));
  request.set_subject(options.Find("subject").value_or(""));
  request.set_client_id(options.Find("client-id").value_or(""));
  request.set_proxy(options.Find("proxy").value_or(""));
  return request;
}

// How many decisions are to be shown.
absl::StatusOr<uint64_t> FindCount(const Options& options) {
  constexpr uint64_t kAll = std::numeric_limits<uint64_t>::max();
  const auto count = ReadNumber(options, "count", kAll);
  if (!count.ok() || *count == 0) {
    return absl::InvalidArgumentError("--count is not a number from 1 on");
  }
  return count->value_or(kAll);
}

std::string TimeOf(const Decision& decision) {
  return UtcTime(FromTimestamp(decision.time()).value_or(absl::UnixEpoch()), 3);
}

// Columns whose width is known from the start come first.
void PrintHeading(std::ostream& out) {
  out << absl::StreamFormat("%-24s  %-7s  %-14s  %-4s  %s\n", "TIME", "RESULT",
                            "ACTION", "CODE",
                            "SUBJECT  CLIENT ID  TOPIC  RULE  ID");
}

std::string RuleText(const Decision& decision) {
  return absl::StrCat(Shown(decision.rule()),
                      decision.shadow() ? " (shadow)" : "");
}

std::string SubjectText(const Decision& decision) {
  return absl::StrCat(Shown(decision.subject()),
                      decision.unproven() ? " (unproven)" : "");
}

void PrintRow(const Decision& decision, std::ostream& out) {
  out << absl::StreamFormat(
      "%-24s  %-7s  %-14s  0x%02X  %s  %s  %s  %s  %s\n", TimeOf(decision),
      NameOf(Decision::Result_Name(decision.result()), kResultPrefix),
      NameOf(Decision::Action_Name(decision.action()), kActionPrefix),
      decision.reason_code(), SubjectText(decision),
      Shown(decision.client_id()), Shown(decision.topic()), RuleText(decision),
      Shown(decision.id()));
}

absl::Status Show(const WatchDecisionsResponse& response, bool as_json,
                  const Environment& environment) {
  if (response.dropped() > 0) {
    environment.err << "sluicectl: " << response.dropped()
                    << " decisions came too fast and are not shown\n";
  }
  if (as_json) {
    const absl::StatusOr<std::string> line = JsonLine(response);
    if (!line.ok()) return line.status();
    environment.out << *line;
  } else {
    PrintRow(response.decision(), environment.out);
  }
  environment.out.flush();
  return absl::OkStatus();
}

absl::Status Watch(const Options& options, const Environment& environment) {
  const absl::StatusOr<WatchDecisionsRequest> request = MakeRequest(options);
  if (!request.ok()) return request.status();
  const absl::StatusOr<uint64_t> count = FindCount(options);
  if (!count.ok()) return count.status();
  const auto channel = Connect(options, environment);
  if (!channel.ok()) return channel.status();

  grpc::ClientContext context;
  const auto stream =
      admin::v1::DecisionService::NewStub(*channel)->WatchDecisions(&context,
                                                                    *request);
  stream->WaitForInitialMetadata();
  const bool as_json = WantsJson(options);
  if (!as_json) PrintHeading(environment.out);
  environment.out.flush();
  for (uint64_t left = *count; left > 0 && environment.out; --left) {
    WatchDecisionsResponse response;
    if (!stream->Read(&response)) {
      const absl::Status status = CallStatus(stream->Finish());
      return status.ok()
                 ? absl::FailedPreconditionError("the server has ended it")
                 : status;
    }
    if (absl::Status s = Show(response, as_json, environment); !s.ok()) {
      return s;
    }
  }
  context.TryCancel();
  stream->Finish();
  return absl::OkStatus();
}

}  // namespace

std::vector<Command> DecisionCommands() {
  return {
      {"decisions",
       "watch",
       "Show what proxies decide, as they do",
       "Those of the proxies that watch this policy service: what they deny, "
       "what\nfails, connections, subscriptions, and a sample of the messages "
       "that pass\n(log.audit_sample of the proxy). A subject is unproven "
       "where "
       "a token of his came, and\nnobody knows whether from him: possession of "
       "its key was not proven. Ends with\n--count, or when it is "
       "interrupted.\n",
       {
           {"subject", "SUBJECT", false, "only this subject's"},
           {"client-id", "ID", false, "only this MQTT Client Identifier's"},
           {"action", "ACTION", false,
            "only connect, publish, deliver, subscribe, reauthenticate, "
            "store_token, recheck or revoke"},
           {"result", "RESULT", false, "only allowed, denied or error"},
           {"proxy", "PROXY", false, "only this proxy's"},
           {"count", "N", false, "end after as many"},
       },
       &Watch,
       {},
       true},
  };
}

}  // namespace sluice::ctl
