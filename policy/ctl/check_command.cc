#include "policy/ctl/check_command.h"

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/ctl/call.h"
#include "policy/ctl/output.h"
#include "proto/sluice/admin/v1/access.grpc.pb.h"
#include "proxy/mqtt/topic.h"

namespace sluice::ctl {
namespace {

// So that a script does not take a failure for a no.
constexpr int kExitNoAnswer = 3;

using admin::v1::AccessQuery;
using admin::v1::AccessService;
using admin::v1::ExplainAccessResponse;

// What only a PUBLISH, or a Will, has.
absl::Status ReadPublish(const Options& options, AccessQuery* query) {
  if (query->has_subscribe()) {
    for (const absl::string_view name : {"qos", "retain", "will", "bytes"}) {
      if (options.Has(name)) {
        return absl::InvalidArgumentError(
            absl::StrCat("--", name, " goes with --publish"));
      }
    }
    return absl::OkStatus();
  }
  const auto qos = ReadNumber(options, "qos", 2);
  if (!qos.ok()) return qos.status();
  const auto bytes = ReadNumber(options, "bytes", UINT64_MAX);
  if (!bytes.ok()) return bytes.status();
  query->set_qos(static_cast<uint32_t>(qos->value_or(0)));
  query->set_payload_bytes(bytes->value_or(0));
  query->set_retain(options.Has("retain"));
  query->set_will(options.Has("will"));
  return absl::OkStatus();
}

absl::StatusOr<AccessQuery> ReadQuery(const Options& options) {
  AccessQuery query;
  const std::optional<std::string> publish = options.Find("publish");
  const std::optional<std::string> subscribe = options.Find("subscribe");
  if (publish.has_value() == subscribe.has_value()) {
    return absl::InvalidArgumentError("give one of --publish and --subscribe");
  }
  if (publish.has_value() && !mqtt::IsValidTopicName(*publish)) {
    return absl::InvalidArgumentError("--publish is no topic name");
  }
  if (subscribe.has_value() && !mqtt::IsValidTopicFilter(*subscribe)) {
    return absl::InvalidArgumentError("--subscribe is no topic filter");
  }
  if (publish.has_value()) query.set_publish(*publish);
  if (subscribe.has_value()) query.set_subscribe(*subscribe);
  const std::optional<std::string> subject = options.Find("subject");
  if (subject.has_value() == options.Has("anonymous")) {
    return absl::InvalidArgumentError("give one of --subject and --anonymous");
  }
  query.set_subject(subject.value_or(""));
  query.set_issuer(options.Find("issuer").value_or(""));
  query.set_client_id(options.Find("client-id").value_or(""));
  query.set_client_address(options.Find("address").value_or(""));
  query.set_protocol_version(options.Find("mqtt").value_or(""));
  query.set_listener(options.Find("listener").value_or(""));
  if (absl::Status s = ReadPublish(options, &query); !s.ok()) return s;
  return query;
}

// A row for all that is said about a case.
void AddRows(const ExplainAccessResponse::Case& access_case, Table* table) {
  const std::string verdict = access_case.allowed()     ? "allowed"
                              : access_case.undecided() ? "undecided"
                                                        : "denied";
  const std::string& token = access_case.token();
  if (!access_case.granted_by().empty()) {
    table->Add({token, verdict, "grants", access_case.granted_by(), "", ""});
  }
  for (const auto& objection : access_case.objections()) {
    table->Add({token, verdict, "denies", objection.rule(), objection.detail(),
                objection.need()});
  }
  for (const auto& condition : access_case.conditions()) {
    table->Add({token, verdict, condition.shadow() ? "shadow" : "limits",
                condition.rule(), condition.detail(), ""});
  }
}

absl::Status Check(const Options& options, const Environment& environment) {
  const absl::StatusOr<AccessQuery> query = ReadQuery(options);
  if (!query.ok()) return query.status();
  const auto stub = ConnectTo<AccessService>(options, environment);
  if (!stub.ok()) return stub.status();
  admin::v1::ExplainAccessRequest request;
  *request.mutable_query() = *query;
  const auto answer = Call(**stub, &AccessService::Stub::Explain, request);
  if (!answer.ok()) return answer.status();
  Table table({"TOKEN", "VERDICT", "WHAT", "BY", "DETAIL", "NEEDED"});
  for (const auto& access_case : answer->cases()) AddRows(access_case, &table);
  if (!WantsJson(options) && !answer->undecided()) {
    environment.out << (answer->allowed() ? "yes: " : "no: ")
                    << Shown(answer->reason()) << "\n";
  }
  if (WantsJson(options) || options.Has("explain")) {
    const absl::Status printed = Print(*answer, table, options, environment);
    if (!printed.ok()) return printed;
  }
  if (answer->undecided()) {
    return absl::UnavailableError(Shown(answer->reason()));
  }
  // The output has said why.
  return answer->allowed() ? absl::OkStatus() : absl::PermissionDeniedError("");
}

}  // namespace

std::vector<Command> CheckCommand() {
  return {
      {"check",
       "",
       "Ask whether somebody may publish or subscribe to something",
       "With one of the tokens that are stored, or without one where none is "
       "good, under the rules\nof now; checkers are asked. Exit status 0: yes, "
       "1: no, 2: wrong usage, 3: no answer,\nsince the service cannot be "
       "reached, refuses the question, gets no answer itself, or has\ntoo many "
       "tokens to look at.\n"
       "Give --publish or --subscribe, and --subject or --anonymous.\n",
       {
           {"subject", "SUBJECT", false, "the sub of its tokens"},
           {"anonymous", "", false, "somebody without a token"},
           {"publish", "TOPIC", false, "a topic name"},
           {"subscribe", "FILTER", false, "a topic filter"},
           {"explain", "", false,
            "also show what each token comes to, and what would be needed"},
           {"issuer", "ISSUER", false, "only with tokens of this issuer"},
           {"qos", "QOS", false, "of the PUBLISH: 0 (default), 1 or 2"},
           {"retain", "", false, "the PUBLISH has RETAIN"},
           {"will", "", false, "it is a Will"},
           {"bytes", "NUMBER", false, "of its payload; default 0"},
           {"client-id", "ID", false,
            "MQTT Client Identifier; default: that of each token's last use"},
           {"address", "ADDRESS", false,
            "of the client; default: one that every rule is for"},
           {"mqtt", "VERSION", false, "3.1.1 or 5.0 (default)"},
           {"listener", "NAME", false, "of the proxy"},
       },
       &Check,
       {},
       true,
       kExitNoAnswer},
  };
}

}  // namespace sluice::ctl
