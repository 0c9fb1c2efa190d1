#ifndef PROXY_MQTT_TOPIC_H_
#define PROXY_MQTT_TOPIC_H_

#include "absl/strings/string_view.h"
#include "proxy/mqtt/utf8.h"

namespace sluice::mqtt {

// A topic name (MQTT 5.0 section 4.7.3): valid UTF-8, not empty, no wildcards.
bool IsValidTopicName(absl::string_view topic);

// A topic filter (section 4.7.1): valid UTF-8, not empty, `#` only as the whole
// last level, `+` only as a whole level. A shared subscription (section 4.8.2),
// which is whatever begins with `$share/`, is valid when ShareName is not empty
// and has no wildcard and the filter behind it is valid and not shared itself
// (brokers disagree about how often they strip the prefix).
bool IsValidTopicFilter(absl::string_view filter);

// The same of MQTT 3.1.1, which knows no shared subscriptions (section 4.7):
// what begins with `$share/` has no other form than the rest.
bool IsValidTopicFilterV311(absl::string_view filter);

// Whether `filter` begins with `$share/`.
bool IsShared(absl::string_view filter);

// Both at once: IsValidTopicFilter, and not IsShared. What scopes, rules and
// public topics are made of.
bool IsValidUnsharedFilter(absl::string_view filter);

// The filter behind `$share/NAME/`; `filter` itself for any other. A
// subscription is judged on this in both versions of the protocol, since
// brokers honour `$share` in both.
absl::string_view WithoutShare(absl::string_view filter);

// Whether `filter` (not shared, valid) matches the topic name `topic` (valid):
// section 4.7, a wildcard at the first level does not match `$...` (4.7.2).
bool TopicMatches(absl::string_view filter, absl::string_view topic);

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_TOPIC_H_
