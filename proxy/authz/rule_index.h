#ifndef PROXY_AUTHZ_RULE_INDEX_H_
#define PROXY_AUTHZ_RULE_INDEX_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proxy/authz/filter_index.h"
#include "proxy/authz/number_set.h"
#include "proxy/authz/rule.h"

namespace sluice::authz {

// Finds by a topic, or a filter, which of many rules have it among their
// topics. Rules have numbers, from 0 on in the order in which they are added.
class RuleIndex {
 public:
  // At most 65,535 rules.
  void Add(const Rule& rule);

  size_t size() const { return size_; }
  // The first one, if the same rule was added more than once.
  absl::optional<uint16_t> NumberOf(const Rule& rule) const;

  // Inserts the numbers of all of which Rule::HasTopicsOf(filter) is true.
  void Find(absl::string_view filter, NumberSet* numbers) const;

 private:
  uint16_t size_ = 0;
  absl::flat_hash_map<Rule, uint16_t> numbers_;
  FilterIndex filters_;               // of the others, by their numbers
  std::vector<uint16_t> all_topics_;  // those without a filter
};

// The indexes of large sets that were made last, as long as they are in use.
// Thread-safe.
class RecentIndexes {
 public:
  void Add(std::shared_ptr<const RuleIndex> index);
  // The one that has the most of `rules`, if these are three quarters of them,
  // and it is not more than four times as large: so it saves most of the work,
  // and little is found in vain. Null: there is none.
  std::shared_ptr<const RuleIndex> FindFor(
      const std::vector<Rule>& rules) const;

 private:
  static constexpr size_t kMaxIndexes = 8;

  mutable std::mutex mutex_;
  // Oldest first.
  std::vector<std::weak_ptr<const RuleIndex>> indexes_;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_RULE_INDEX_H_
