#include "policy/ctl/public_topic_commands.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "policy/ctl/call.h"
#include "policy/ctl/output.h"
#include "proto/sluice/admin/v1/public_topic.grpc.pb.h"

namespace sluice::ctl {
namespace {

using admin::v1::PublicTopic;
using admin::v1::PublicTopicService;

Table NewTable() {
  return Table({"NAME", "FILTER", "PERMISSIONS", "DECLARED IN"});
}

void AddRow(const PublicTopic& topic, Table* table) {
  table->Add({topic.name(), topic.topic_filter(),
              PermissionsText(topic.publish(), topic.subscribe()),
              topic.read_only() ? "configuration" : "store"});
}

absl::Status List(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<PublicTopicService>(options, environment);
  if (!stub.ok()) return stub.status();
  const auto all =
      CallForAll(**stub, &PublicTopicService::Stub::ListPublicTopics);
  if (!all.ok()) return all.status();
  Table table = NewTable();
  for (const PublicTopic& topic : all->public_topics()) AddRow(topic, &table);
  return Print(*all, table, options, environment);
}

absl::Status Put(const Options& options, const Environment& environment) {
  admin::v1::PutPublicTopicRequest request;
  PublicTopic* topic = request.mutable_public_topic();
  topic->set_topic_filter(options.arguments()[0]);
  topic->set_etag(options.Find("etag").value_or(""));
  const std::string permissions = options.Get("permissions");
  for (const absl::string_view permission : absl::StrSplit(permissions, ',')) {
    if (permission == "pub") {
      topic->set_publish(true);
    } else if (permission == "sub") {
      topic->set_subscribe(true);
    } else {
      return absl::InvalidArgumentError(
          "--permissions is none of pub, sub and pub,sub");
    }
  }
  const auto stub = ConnectTo<PublicTopicService>(options, environment);
  if (!stub.ok()) return stub.status();
  const auto written =
      Call(**stub, &PublicTopicService::Stub::PutPublicTopic, request);
  if (!written.ok()) return written.status();
  Table table = NewTable();
  AddRow(*written, &table);
  return Print(*written, table, options, environment);
}

absl::Status Delete(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<PublicTopicService>(options, environment);
  if (!stub.ok()) return stub.status();
  const auto all =
      CallForAll(**stub, &PublicTopicService::Stub::ListPublicTopics);
  if (!all.ok()) return all.status();
  const std::string& filter = options.arguments()[0];
  admin::v1::DeletePublicTopicRequest request;
  for (const PublicTopic& topic : all->public_topics()) {
    if (topic.topic_filter() == filter) request.set_name(topic.name());
  }
  if (request.name().empty()) {
    return absl::NotFoundError(
        absl::StrCat("there is no public topic ", filter));
  }
  request.set_etag(options.Find("etag").value_or(""));
  return PrintNothing(
      Call(**stub, &PublicTopicService::Stub::DeletePublicTopic, request)
          .status(),
      options, environment);
}

}  // namespace

std::vector<Command> PublicTopicCommands() {
  return {
      {"public-topic",
       "list",
       "Show what everybody may do",
       "What the service's configuration declares can only be changed there.\n",
       {},
       &List,
       {},
       true},
      {"public-topic",
       "put",
       "Let everybody use the topics that a filter matches",
       "In place of what the filter had before. Clients that are connected get "
       "it at once.\n",
       {
           {"permissions", "LIST", true, "pub, sub or pub,sub"},
           {"etag", "ETAG", false, "only if this is still its etag"},
       },
       &Put,
       {{"FILTER", true, "an MQTT topic filter, not a shared one"}},
       true},
      {"public-topic",
       "delete",
       "Take a public topic back",
       "Nothing is printed.\n",
       {{"etag", "ETAG", false, "only if this is still its etag"}},
       &Delete,
       {{"FILTER", true, "as the list shows it"}},
       true},
  };
}

}  // namespace sluice::ctl
