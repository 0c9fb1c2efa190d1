#ifndef PROXY_SESSION_JUDGED_TOPICS_H_
#define PROXY_SESSION_JUDGED_TOPICS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "proxy/authz/topic_verdict.h"

namespace sluice::session {

// The last few topics that were judged, with the verdict. Most clients use one
// or two. Does not allocate once its entries have grown to their topics.
class JudgedTopics {
 public:
  // The verdict on `topic`, if it is remembered, else null. Valid until the
  // next Remember() or Clear().
  const authz::TopicVerdict* Find(absl::string_view topic) const {
    for (size_t i = 0; i < used_; ++i) {
      if (entries_[i].topic == topic) return &entries_[i].verdict;
    }
    return nullptr;
  }

  // Remembers a verdict in the place of the oldest, and returns it. Long topics
  // are not worth the memory: their verdict is kept, but not found again.
  const authz::TopicVerdict& Remember(absl::string_view topic,
                                      authz::TopicVerdict verdict) {
    // No topic has an empty name.
    if (topic.size() > kMaxTopicSize) topic = "";
    Entry& entry = entries_[next_];
    entry.topic.assign(topic.data(), topic.size());
    entry.verdict = std::move(verdict);
    next_ = static_cast<uint8_t>((next_ + 1) % kEntries);
    if (used_ < kEntries) ++used_;
    return entry.verdict;
  }

  // Whenever the grant changes.
  void Clear() { used_ = next_ = 0; }

 private:
  static constexpr size_t kEntries = 4;
  static constexpr size_t kMaxTopicSize = 256;

  struct Entry {
    std::string topic;
    authz::TopicVerdict verdict;
  };
  std::array<Entry, kEntries> entries_;
  uint8_t used_ = 0;
  uint8_t next_ = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_JUDGED_TOPICS_H_
