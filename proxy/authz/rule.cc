#include "proxy/authz/rule.h"

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/message.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "google/protobuf/unknown_field_set.h"
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
    if (!mqtt::IsValidTopicFilter(filter) || mqtt::IsShared(filter)) {
      return false;
    }
    add(filter);
  }
  return true;
}

}  // namespace

absl::StatusOr<Rule> Rule::Compile(const policy::v1::Rule& message) {
  if (message.name().empty()) return Invalid("without a name");
  if (HasUnknownFields(message)) return Invalid("with an unknown field");
  if (!message.publish() && !message.subscribe()) {
    return Invalid("about neither publishing nor subscribing");
  }
  Rule rule;
  rule.name_ = message.name();
  rule.shadow_ = message.shadow();
  rule.publish_ = message.publish();
  rule.subscribe_ = message.subscribe();
  if (!AddFilters(message.topic_filters(),
                  [&rule](const std::string& filter) {
                    rule.topics_.Add(filter, 0);
                  }) ||
      !AddFilters(message.except_topic_filters(),
                  [&rule](const std::string& filter) {
                    rule.exceptions_.Add(filter);
                  })) {
    return Invalid("with an invalid topic filter");
  }
  switch (message.effect_case()) {
    case policy::v1::Rule::kDeny:
      if (HasUnknownFields(message.deny())) {
        return Invalid("with an unknown field in deny");
      }
      rule.denies_ = true;
      return rule;
    case policy::v1::Rule::kLimits: {
      const absl::Status status = rule.AddLimits(message.limits());
      if (!status.ok()) return status;
      return rule;
    }
    case policy::v1::Rule::kExternalCheck:
      if (HasUnknownFields(message.external_check()) ||
          message.external_check().checker().empty()) {
        return Invalid("with an unknown field in external_check, or nobody");
      }
      rule.checker_ = message.external_check().checker();
      return rule;
    case policy::v1::Rule::EFFECT_NOT_SET:
      break;
  }
  return Invalid("without an effect");
}

absl::Status Rule::AddLimits(const policy::v1::Limits& limits) {
  if (HasUnknownFields(limits)) return Invalid("with an unknown limit");
  if (limits.ByteSizeLong() == 0) return Invalid("without a limit");
  if (limits.has_max_qos()) {
    if (limits.max_qos() > 2) return Invalid("with a QoS over 2");
    max_qos_ = static_cast<uint8_t>(limits.max_qos());
  }
  no_retain_ = limits.no_retain();
  no_will_ = limits.no_will();
  if (limits.has_max_payload_bytes()) {
    max_payload_bytes_ = limits.max_payload_bytes();
  }
  if (limits.has_max_publishes_per_second()) {
    max_publishes_per_second_ = limits.max_publishes_per_second();
  }
  if (limits.has_max_subscriptions()) {
    max_subscriptions_ = limits.max_subscriptions();
  }
  return absl::OkStatus();
}

bool Rule::IsAboutSubscription(absl::string_view filter) const {
  return subscribe_ && HasTopicsOf(filter) && !exceptions_.Covers(filter);
}

bool Rule::HasTopicsOf(absl::string_view filter) const {
  if (topics_.empty()) return true;
  NumberSet found(1);
  topics_.Find(filter, &found);
  return found.Contains(0);
}

Objection Rule::JudgePublish(const MessageFacts& facts) const {
  if (denies_) return Objection::kDeny;
  if (facts.qos > max_qos_) return Objection::kQos;
  if (facts.retain && no_retain_) return Objection::kRetain;
  if (max_payload_bytes_.has_value() &&
      facts.payload_size > *max_payload_bytes_) {
    return Objection::kPayloadSize;
  }
  return Objection::kNone;
}

Objection Rule::JudgeWill(const MessageFacts& facts) const {
  return no_will_ ? Objection::kWill : JudgePublish(facts);
}

}  // namespace sluice::authz
