#ifndef TEST_PROXY_MQTT_REFERENCE_FILTERS_H_
#define TEST_PROXY_MQTT_REFERENCE_FILTERS_H_

#include "absl/strings/string_view.h"

namespace sluice::mqtt {

// What tests hold the tries of authz against: the same questions about one
// filter and another, answered without a trie. topic_property_test holds them
// against enumeration.

// Whether every topic name that `inner` matches is matched by `outer`; both
// valid filters and not shared. Exact (ACE-SCP-4).
bool FilterIsSubset(absl::string_view inner, absl::string_view outer);

// Whether there is a topic name that both `a` and `b` match; both valid filters
// and not shared. Exact.
bool FiltersOverlap(absl::string_view a, absl::string_view b);

}  // namespace sluice::mqtt

#endif  // TEST_PROXY_MQTT_REFERENCE_FILTERS_H_
