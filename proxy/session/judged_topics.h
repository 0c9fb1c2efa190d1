#ifndef PROXY_SESSION_JUDGED_TOPICS_H_
#define PROXY_SESSION_JUDGED_TOPICS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proxy/authz/topic_verdict.h"

namespace sluice::session {

// A verdict that whoever has a topic keeps beside it, as topic aliases do: one
// of 65,535 bytes would else be judged again for each PUBLISH of ten bytes.
struct KeptVerdict {
  // Its topic is another one now.
  void Clear() { grant = 0; }

  uint64_t grant = 0;  // JudgedTopics' number of the one that it is by; 0: none
  authz::TopicVerdict verdict;
  // Until then the checkers of its rules let it pass, and need not be asked.
  absl::Time passes_until = absl::InfinitePast();
};

// What a grant says about the topics of one direction, each judged once: those
// with a KeptVerdict, and the last few others. Most clients use one or two.
// Does not allocate once its entries have grown to their topics.
class JudgedTopics {
 public:
  // The verdict on `topic`, which `judge()` makes where it is not known.
  // `kept`, if there is one, is the topic's. Valid until the next call, or
  // until `kept` is cleared.
  template <typename Judge>
  const authz::TopicVerdict& Get(absl::string_view topic, KeptVerdict* kept,
                                 Judge judge) {
    if (kept != nullptr) {
      if (kept->grant != grant_) *kept = {grant_, judge()};
      return kept->verdict;
    }
    const authz::TopicVerdict* known = Find(topic);
    return known != nullptr ? *known : Remember(topic, judge());
  }

  // Whenever the grant changes.
  void Clear() {
    ++grant_;
    used_ = next_ = 0;
  }

 private:
  static constexpr size_t kEntries = 4;
  static constexpr size_t kMaxTopicSize = 256;

  struct Entry {
    std::string topic;
    authz::TopicVerdict verdict;
  };

  const authz::TopicVerdict* Find(absl::string_view topic) const {
    for (size_t i = 0; i < used_; ++i) {
      if (entries_[i].topic == topic) return &entries_[i].verdict;
    }
    return nullptr;
  }

  // In the place of the oldest. Long topics are not worth the memory: their
  // verdict is kept, but not found again.
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

  std::array<Entry, kEntries> entries_;
  uint64_t grant_ = 1;  // counts those that have been in force
  uint8_t used_ = 0;
  uint8_t next_ = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_JUDGED_TOPICS_H_
