#ifndef PROXY_SESSION_JUDGED_TOPICS_H_
#define PROXY_SESSION_JUDGED_TOPICS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sluice::session {

// The last few topics that were judged, with the verdict. Most clients use one
// or two. Does not allocate once its entries have grown to their topics.
class JudgedTopics {
 public:
  // The verdict on `topic`, if it is remembered.
  absl::optional<bool> Find(absl::string_view topic) const {
    for (size_t i = 0; i < used_; ++i) {
      if (entries_[i].topic == topic) return entries_[i].allowed;
    }
    return absl::nullopt;
  }

  // Remembers a verdict in the place of the oldest. Long topics are not worth
  // the memory and are left out.
  void Remember(absl::string_view topic, bool allowed) {
    if (topic.size() > kMaxTopicSize) return;
    Entry& entry = entries_[next_];
    entry.topic.assign(topic.data(), topic.size());
    entry.allowed = allowed;
    next_ = static_cast<uint8_t>((next_ + 1) % kEntries);
    if (used_ < kEntries) ++used_;
  }

  // Whenever the grant changes.
  void Clear() { used_ = next_ = 0; }

 private:
  static constexpr size_t kEntries = 4;
  static constexpr size_t kMaxTopicSize = 256;

  struct Entry {
    std::string topic;
    bool allowed = false;
  };
  std::array<Entry, kEntries> entries_;
  uint8_t used_ = 0;
  uint8_t next_ = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_JUDGED_TOPICS_H_
