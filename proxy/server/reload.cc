#include "proxy/server/reload.h"

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "google/protobuf/util/message_differencer.h"
#include "proto/sluice/config/v1/proxy.pb.h"

namespace sluice::server {
namespace {

using Schema = ::sluice::config::v1::ProxyConfig;
using ::google::protobuf::Message;
using ::google::protobuf::util::MessageDifferencer;
using Path = std::vector<MessageDifferencer::SpecificField>;

// `schema` without what Server::Reload() takes over.
Schema FixedPart(Schema schema) {
  for (Schema::Listener& listener : *schema.mutable_listeners()) {
    listener.clear_tls();
    listener.clear_protocols();
  }
  schema.clear_upstream();
  schema.clear_ace();
  // An empty section is as good as none.
  schema.mutable_limits()->clear_max_packet_size();
  schema.mutable_limits()->clear_max_queued_bytes();
  schema.mutable_limits()->clear_handshake_timeout();
  schema.mutable_limits()->clear_connect_timeout();
  schema.mutable_log()->clear_level();
  schema.clear_drain_time();
  if (schema.policy().has_embedded()) {
    schema.mutable_policy()->set_embedded("");
  }
  return schema;
}

// Gathers where two messages differ.
class FieldReporter final : public MessageDifferencer::Reporter {
 public:
  void ReportAdded(const Message& /*a*/, const Message& /*b*/,
                   const Path& path) override {
    Add(path);
  }
  void ReportDeleted(const Message& /*a*/, const Message& /*b*/,
                     const Path& path) override {
    Add(path);
  }
  void ReportModified(const Message& /*a*/, const Message& /*b*/,
                      const Path& path) override {
    // What it is within is said to be modified as well.
    if (path.back().field->message_type() == nullptr) Add(path);
  }

  const std::vector<std::string>& fields() const { return fields_; }

 private:
  void Add(const Path& path) {
    std::string text;
    for (const MessageDifferencer::SpecificField& part : path) {
      absl::StrAppend(&text, text.empty() ? "" : ".", part.field->name());
      if (part.field->is_repeated()) {
        absl::StrAppend(&text, "[", part.new_index, "]");
      }
    }
    // One that is gone and one that has come may have stood in one place.
    if (absl::c_linear_search(fields_, text)) return;
    fields_.push_back(std::move(text));
  }

  std::vector<std::string> fields_;
};

}  // namespace

std::vector<std::string> FieldsForRestart(const Config& running,
                                          const Config& changed) {
  FieldReporter reporter;
  MessageDifferencer differencer;
  differencer.ReportDifferencesTo(&reporter);
  const google::protobuf::Descriptor& listener =
      *Schema::Listener::descriptor();
  differencer.TreatAsMap(
      Schema::descriptor()->FindFieldByNumber(Schema::kListenersFieldNumber),
      listener.FindFieldByNumber(Schema::Listener::kNameFieldNumber));
  differencer.Compare(FixedPart(running.source), FixedPart(changed.source));
  return reporter.fields();
}

}  // namespace sluice::server
