#ifndef PROXY_MQTT_TOPIC_LEVELS_H_
#define PROXY_MQTT_TOPIC_LEVELS_H_

#include <cstddef>

#include "absl/strings/string_view.h"

namespace sluice::mqtt {

// Walks the levels of a topic name or filter, empty ones included; "a/" has
// two, the last one empty.
class TopicLevels {
 public:
  explicit TopicLevels(absl::string_view text) : rest_(text) {}

  bool done() const { return done_; }
  // What has not been walked over; meaningful unless done().
  absl::string_view rest() const { return rest_; }

  // Not when done().
  absl::string_view Next() {
    const size_t slash = rest_.find('/');
    const absl::string_view level = rest_.substr(0, slash);
    done_ = slash == absl::string_view::npos;
    if (!done_) rest_.remove_prefix(slash + 1);
    return level;
  }

 private:
  absl::string_view rest_;
  bool done_ = false;
};

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_TOPIC_LEVELS_H_
