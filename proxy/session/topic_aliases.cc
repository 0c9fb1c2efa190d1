#include "proxy/session/topic_aliases.h"

namespace sluice::session {

absl::StatusOr<TopicAliases::Resolved> TopicAliases::Resolve(
    const mqtt::Publish& publish) {
  if (publish.topic_alias == 0) return Resolved{publish.topic};
  if (publish.topic_alias > maximum_) {
    return mqtt::MqttError(mqtt::ReasonCode::kTopicAliasInvalid,
                           "topic alias over the announced maximum");
  }
  if (publish.topic.empty()) {
    const auto it = entries_.find(publish.topic_alias);
    if (it == entries_.end()) {
      // MQTT 5.0 section 3.3.2.3.4
      return mqtt::MqttError(mqtt::ReasonCode::kProtocolError,
                             "topic alias that was never set");
    }
    Entry& known = it->second;
    return Resolved{known.topic, &known.verdict, known.receiver_knows};
  }
  Entry& entry = entries_[publish.topic_alias];
  const size_t before = entry.topic.capacity();
  entry.topic.assign(publish.topic.data(), publish.topic.size());
  bytes_ += entry.topic.capacity() - before;
  entry.verdict.Clear();
  return Resolved{entry.topic, &entry.verdict};
}

void TopicAliases::MarkKnown(uint16_t alias) {
  const auto it = entries_.find(alias);
  if (it != entries_.end()) it->second.receiver_knows = true;
}

void TopicAliases::MarkUnknown(uint16_t alias) {
  const auto it = entries_.find(alias);
  if (it != entries_.end()) it->second.receiver_knows = false;
}

}  // namespace sluice::session
