#include "policy/ctl/rule_commands.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "policy/ctl/call.h"
#include "policy/ctl/output.h"
#include "policy/ctl/resource_name.h"
#include "policy/ctl/rule_file.h"
#include "policy/ctl/rule_options.h"
#include "proto/sluice/admin/v1/rule.grpc.pb.h"

namespace sluice::ctl {
namespace {

using admin::v1::Rule;
using admin::v1::RuleService;

std::string NameOf(const Options& options) {
  return NameIn("rules", options.arguments()[0]);
}

std::string EffectText(const Rule& rule) {
  if (rule.has_deny()) return "deny";
  if (rule.has_external_check()) {
    return absl::StrCat("ask ", rule.external_check().checker());
  }
  // The server shows a rule so that it cannot read.
  if (!rule.has_limits()) return "cannot be read";
  const policy::v1::Limits& limits = rule.limits();
  std::vector<std::string> parts;
  if (limits.has_max_qos()) {
    parts.push_back(absl::StrCat("QoS ", limits.max_qos()));
  }
  if (limits.no_retain()) parts.push_back("no retain");
  if (limits.no_will()) parts.push_back("no Will");
  if (limits.has_max_payload_bytes()) {
    parts.push_back(absl::StrCat(limits.max_payload_bytes(), " bytes"));
  }
  if (limits.has_max_publishes_per_second()) {
    parts.push_back(absl::StrCat(limits.max_publishes_per_second(), "/s"));
  }
  if (limits.has_max_subscriptions()) {
    parts.push_back(absl::StrCat(limits.max_subscriptions(), " subscriptions"));
  }
  return absl::StrCat("limit: ", absl::StrJoin(parts, ", "));
}

std::string TopicsText(const Rule& rule) {
  std::string text = rule.topic_filters().empty()
                         ? "all"
                         : absl::StrJoin(rule.topic_filters(), " ");
  if (!rule.except_topic_filters().empty()) {
    absl::StrAppend(&text, " but ",
                    absl::StrJoin(rule.except_topic_filters(), " "));
  }
  return text;
}

std::string MatchText(const Rule::Match& match) {
  std::vector<std::string> parts;
  if (match.clients() == Rule::CLIENTS_WITH_TOKEN) parts.push_back("token");
  if (match.clients() == Rule::CLIENTS_ANONYMOUS) parts.push_back("anonymous");
  const auto add = [&parts](absl::string_view what, const auto& list) {
    if (list.empty()) return;
    parts.push_back(absl::StrCat(what, "=", absl::StrJoin(list, "|")));
  };
  add("issuer", match.issuers());
  add("subject", match.subjects());
  add("client_id", match.client_ids());
  add("address", match.client_addresses());
  add("version", match.protocol_versions());
  add("listener", match.listeners());
  return parts.empty() ? "all" : absl::StrJoin(parts, " ");
}

Table NewTable() {
  return Table(
      {"NAME", "MODE", "EFFECT", "ON", "TOPICS", "FOR", "DESCRIPTION"});
}

void AddRow(const Rule& rule, Table* table) {
  table->Add(
      {rule.name(), rule.mode() == Rule::MODE_SHADOW ? "shadow" : "enforce",
       EffectText(rule), PermissionsText(rule.publish(), rule.subscribe()),
       TopicsText(rule), MatchText(rule.match()), rule.description()});
}

// One rule, if there is one.
absl::Status Show(const absl::StatusOr<Rule>& rule, const Options& options,
                  const Environment& environment) {
  if (!rule.ok()) return rule.status();
  Table table = NewTable();
  AddRow(*rule, &table);
  return Print(*rule, table, options, environment);
}

absl::Status List(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<RuleService>(options, environment);
  if (!stub.ok()) return stub.status();
  const auto all = CallForAll(**stub, &RuleService::Stub::ListRules);
  if (!all.ok()) return all.status();
  Table table = NewTable();
  for (const Rule& rule : all->rules()) AddRow(rule, &table);
  return Print(*all, table, options, environment);
}

absl::Status Get(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<RuleService>(options, environment);
  if (!stub.ok()) return stub.status();
  admin::v1::GetRuleRequest request;
  request.set_name(NameOf(options));
  return Show(Call(**stub, &RuleService::Stub::GetRule, request), options,
              environment);
}

absl::Status SetMode(const Options& options, Rule* rule) {
  const std::optional<std::string> mode = options.Find("mode");
  if (mode == "enforce") {
    rule->set_mode(Rule::MODE_ENFORCE);
  } else if (mode == "shadow") {
    rule->set_mode(Rule::MODE_SHADOW);
  } else if (mode.has_value()) {
    return absl::InvalidArgumentError("--mode is neither enforce nor shadow");
  }
  return absl::OkStatus();
}

absl::StatusOr<admin::v1::PutRuleRequest> MakePutRequest(
    const Options& options) {
  admin::v1::PutRuleRequest request;
  const std::string name = NameOf(options);
  const std::optional<std::string> file = options.Find("file");
  const bool has_rule = HasRuleOptions(options);
  if (file.has_value() && has_rule) {
    return absl::InvalidArgumentError("--file says the rule, or options do");
  }
  if (file.has_value() || has_rule) {
    absl::StatusOr<Rule> rule =
        file.has_value() ? ReadRuleFile(*file, name) : ReadRuleOptions(options);
    if (!rule.ok()) return rule.status();
    *request.mutable_rule() = *std::move(rule);
  } else if (options.Has("mode")) {
    request.mutable_update_mask()->add_paths("mode");
  } else {
    return absl::InvalidArgumentError("give --file, --mode, or a rule");
  }
  Rule* rule = request.mutable_rule();
  if (absl::Status s = SetMode(options, rule); !s.ok()) return s;
  rule->set_name(name);
  if (options.Has("etag")) rule->set_etag(options.Get("etag"));
  return request;
}

absl::Status Put(const Options& options, const Environment& environment) {
  const auto request = MakePutRequest(options);
  if (!request.ok()) return request.status();
  const auto stub = ConnectTo<RuleService>(options, environment);
  if (!stub.ok()) return stub.status();
  return Show(Call(**stub, &RuleService::Stub::PutRule, *request), options,
              environment);
}

absl::Status Delete(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<RuleService>(options, environment);
  if (!stub.ok()) return stub.status();
  admin::v1::DeleteRuleRequest request;
  request.set_name(NameOf(options));
  request.set_etag(options.Find("etag").value_or(""));
  return PrintNothing(
      Call(**stub, &RuleService::Stub::DeleteRule, request).status(), options,
      environment);
}

std::vector<OptionSpec> PutOptions() {
  std::vector<OptionSpec> options = {
      {"file", "FILE", false,
       "the rule, in place of what there is; - is standard input"},
      {"mode", "MODE", false,
       "enforce or shadow; alone, it changes nothing else"},
      {"etag", "ETAG", false, "only if this is still its etag"},
  };
  for (const OptionSpec& option : RuleOptions()) options.push_back(option);
  return options;
}

}  // namespace

std::vector<Command> RuleCommands() {
  return {
      {"rule",
       "list",
       "Show what is taken away from what tokens grant",
       "",
       {},
       &List,
       {},
       true},
      {"rule",
       "get",
       "Show one rule",
       "With --output json all of it.\n",
       {},
       &Get,
       {{"ID", true, "as the list shows it, with or without \"rules/\""}},
       true},
      {"rule",
       "put",
       "Make a rule, or change it",
       "Clients that are connected are held to it at once. For instance, each "
       "device\nunder its own topic, and at most ten messages a second, of a "
       "kilobyte:\n\n"
       "  rule put own --deny --publish --subscribe --topic 'devices/#' \\\n"
       "    --except 'devices/${client_id}/#'\n"
       "  rule put rate --publish --max-publishes-per-second 10 \\\n"
       "    --max-payload-bytes 1024\n\n"
       "A file has the fields of sluice.admin.v1.Rule, in YAML or as rule get "
       "--output\njson prints them:\n\n"
       "  description: devices keep to their own topics\n"
       "  match: {clients: with_token}\n"
       "  publish: true\n"
       "  subscribe: true\n"
       "  topic_filters: [\"devices/#\"]\n"
       "  except_topic_filters: [\"devices/${client_id}/#\"]\n"
       "  deny: {}\n",
       PutOptions(),
       &Put,
       {{"ID", true, "up to 255 letters, digits, '-', '_' and '.'"}},
       true},
      {"rule",
       "delete",
       "Take a rule back",
       "Nothing is printed.\n",
       {{"etag", "ETAG", false, "only if this is still its etag"}},
       &Delete,
       {{"ID", true, "as the list shows it"}},
       true},
  };
}

}  // namespace sluice::ctl
