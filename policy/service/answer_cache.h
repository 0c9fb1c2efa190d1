#ifndef POLICY_SERVICE_ANSWER_CACHE_H_
#define POLICY_SERVICE_ANSWER_CACHE_H_

#include <cstddef>
#include <iterator>
#include <list>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::policy {

// Answers to questions, each for as long as it counts. Those that count no more
// are forgotten with time, and where there is no room for another, the oldest
// is. Not thread-safe.
template <typename Answer>
class AnswerCache {
 public:
  struct Kept {
    Answer answer;
    absl::Time known_since;
    absl::Time good_until;
  };

  explicit AnswerCache(size_t max_answers) : max_answers_(max_answers) {}
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  // Null where there is none that counts at `now`. Good until the next call.
  const Kept* Find(absl::string_view key, absl::Time now) {
    ForgetLaterThan(now);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return nullptr;
    const Kept& kept = found->second.kept;
    return now < kept.good_until ? &kept : nullptr;
  }

  // In place of an earlier answer of that key.
  void Put(const std::string& key, Answer answer, absl::Time now,
           absl::Time good_until) {
    ForgetLaterThan(now);
    if (const auto old = entries_.find(key); old != entries_.end()) {
      ages_.erase(old->second.age);
      entries_.erase(old);
    }
    if (entries_.size() >= max_answers_) ForgetOldest();
    // Two for each that comes, so that no call takes long.
    for (int i = 0; i < 2 && !ages_.empty(); ++i) {
      if (now < entries_.find(ages_.front())->second.kept.good_until) break;
      ForgetOldest();
    }
    ages_.push_back(key);
    entries_.insert(
        {key, {{std::move(answer), now, good_until}, std::prev(ages_.end())}});
  }

 private:
  struct Entry {
    Kept kept;
    std::list<std::string>::iterator age;
  };

  void ForgetOldest() {
    entries_.erase(ages_.front());
    ages_.pop_front();
  }

  // What is known since later than now was known before the clock was set back,
  // and would come to count once more.
  void ForgetLaterThan(absl::Time now) {
    while (!ages_.empty()) {
      const auto newest = entries_.find(ages_.back());
      if (newest->second.kept.known_since <= now) return;
      entries_.erase(newest);
      ages_.pop_back();
    }
  }

  const size_t max_answers_;
  absl::flat_hash_map<std::string, Entry> entries_;
  std::list<std::string> ages_;  // oldest first
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_ANSWER_CACHE_H_
