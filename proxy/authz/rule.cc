#include "proxy/authz/rule.h"

#include <cstddef>

#include "absl/hash/hash.h"
#include "absl/memory/memory.h"
#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "google/protobuf/unknown_field_set.h"
#include "proxy/authz/shared_table.h"
#include "proxy/mqtt/topic.h"

namespace sluice::authz {
namespace {

using google::protobuf::Message;

absl::Status Invalid(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("grant with a rule ", what));
}

// A later version's field would narrow what this one lets pass.
bool HasUnknownFields(const Message& message) {
  return !message.GetReflection()->GetUnknownFields(message).empty();
}

// False where one of them cannot be judged by; else `add` is called with each.
template <typename Add>
bool AddFilters(const google::protobuf::RepeatedPtrField<std::string>& filters,
                Add add) {
  for (const std::string& filter : filters) {
    if (!mqtt::IsValidUnsharedFilter(filter)) {
      return false;
    }
    add(filter);
  }
  return true;
}

}  // namespace

absl::StatusOr<Rule> Rule::Compile(const std::string& message) {
  static auto* const table = new SharedTable<Data>;
  const size_t hash = absl::HashOf(message);
  const auto is_same = [&message](const Data& data) {
    return data.message == message;
  };
  std::shared_ptr<const Data> known = table->Find(hash, is_same);
  if (known != nullptr) return Rule(std::move(known));
  policy::v1::Rule rule;
  if (!rule.ParseFromString(message)) return Invalid("that cannot be read");
  auto data = absl::make_unique<Data>();
  const absl::Status status = Fill(rule, data.get());
  if (!status.ok()) return status;
  data->message = message;
  return Rule(table->Add(hash, is_same, std::move(data)));
}

absl::Status Rule::Fill(const policy::v1::Rule& message, Data* data) {
  if (message.name().empty()) return Invalid("without a name");
  if (HasUnknownFields(message)) return Invalid("with an unknown field");
  if (!message.publish() && !message.subscribe()) {
    return Invalid("about neither publishing nor subscribing");
  }
  data->name = message.name();
  data->shadow = message.shadow();
  data->publish = message.publish();
  data->subscribe = message.subscribe();
  if (!AddFilters(
          message.topic_filters(),
          [data](const std::string& filter) { data->topics.Add(filter, 0); }) ||
      !AddFilters(message.except_topic_filters(),
                  [data](const std::string& filter) {
                    data->exceptions.Add(filter);
                  })) {
    return Invalid("with an invalid topic filter");
  }
  switch (message.effect_case()) {
    case policy::v1::Rule::kDeny:
      if (HasUnknownFields(message.deny())) {
        return Invalid("with an unknown field in deny");
      }
      data->denies = true;
      return absl::OkStatus();
    case policy::v1::Rule::kLimits:
      return AddLimits(message.limits(), data);
    case policy::v1::Rule::kExternalCheck:
      if (HasUnknownFields(message.external_check()) ||
          message.external_check().checker().empty()) {
        return Invalid("with an unknown field in external_check, or nobody");
      }
      data->checker = message.external_check().checker();
      return absl::OkStatus();
    case policy::v1::Rule::EFFECT_NOT_SET:
      break;
  }
  return Invalid("without an effect");
}

absl::Status Rule::AddLimits(const policy::v1::Limits& limits, Data* data) {
  if (HasUnknownFields(limits)) return Invalid("with an unknown limit");
  if (limits.ByteSizeLong() == 0) return Invalid("without a limit");
  if (limits.has_max_qos()) {
    if (limits.max_qos() > 2) return Invalid("with a QoS over 2");
    data->max_qos = static_cast<uint8_t>(limits.max_qos());
  }
  data->no_retain = limits.no_retain();
  data->no_will = limits.no_will();
  if (limits.has_max_payload_bytes()) {
    data->max_payload_bytes = limits.max_payload_bytes();
  }
  if (limits.has_max_publishes_per_second()) {
    data->max_publishes_per_second = limits.max_publishes_per_second();
  }
  if (limits.has_max_subscriptions()) {
    data->max_subscriptions = limits.max_subscriptions();
  }
  return absl::OkStatus();
}

std::vector<std::string> Rule::TopicFilters() const {
  policy::v1::Rule rule;
  rule.ParseFromString(data_->message);
  return {rule.topic_filters().begin(), rule.topic_filters().end()};
}

bool Rule::HasTopicsOf(absl::string_view filter) const {
  if (has_all_topics()) return true;
  NumberSet found(1);
  data_->topics.Find(filter, &found);
  return found.Contains(0);
}

Objection Rule::JudgePublish(const MessageFacts& facts) const {
  const Data& data = *data_;
  if (data.denies) return Objection::kDeny;
  if (facts.qos > data.max_qos) return Objection::kQos;
  if (facts.retain && data.no_retain) return Objection::kRetain;
  if (data.max_payload_bytes.has_value() &&
      facts.payload_size > *data.max_payload_bytes) {
    return Objection::kPayloadSize;
  }
  return Objection::kNone;
}

Objection Rule::JudgeWill(const MessageFacts& facts) const {
  return data_->no_will ? Objection::kWill : JudgePublish(facts);
}

}  // namespace sluice::authz
