#include "proxy/authz/rule_index.h"

#include <algorithm>
#include <utility>

namespace sluice::authz {

void RuleIndex::Add(const Rule& rule) {
  const uint16_t number = size_++;
  numbers_.try_emplace(rule, number);
  if (rule.has_all_topics()) all_topics_.push_back(number);
  for (const std::string& filter : rule.TopicFilters()) {
    filters_.Add(filter, number);
  }
}

absl::optional<uint16_t> RuleIndex::NumberOf(const Rule& rule) const {
  const auto it = numbers_.find(rule);
  if (it == numbers_.end()) return absl::nullopt;
  return it->second;
}

void RuleIndex::Find(absl::string_view filter, NumberSet* numbers) const {
  for (const uint16_t number : all_topics_) numbers->Insert(number);
  if (!filters_.empty()) filters_.Find(filter, numbers);
}

void RecentIndexes::Add(std::shared_ptr<const RuleIndex> index) {
  const std::lock_guard<std::mutex> lock(mutex_);
  indexes_.erase(
      std::remove_if(indexes_.begin(), indexes_.end(),
                     [](const std::weak_ptr<const RuleIndex>& other) {
                       return other.expired();
                     }),
      indexes_.end());
  if (indexes_.size() == kMaxIndexes) indexes_.erase(indexes_.begin());
  indexes_.push_back(index);
}

std::shared_ptr<const RuleIndex> RecentIndexes::FindFor(
    const std::vector<Rule>& rules) const {
  std::vector<std::weak_ptr<const RuleIndex>> indexes;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    indexes = indexes_;
  }
  std::shared_ptr<const RuleIndex> best;
  size_t most = rules.size() - rules.size() / 4 - 1;
  for (const std::weak_ptr<const RuleIndex>& weak : indexes) {
    std::shared_ptr<const RuleIndex> index = weak.lock();
    if (index == nullptr || index->size() > 4 * rules.size()) continue;
    const auto found = static_cast<size_t>(
        std::count_if(rules.begin(), rules.end(), [&index](const Rule& rule) {
          return index->NumberOf(rule).has_value();
        }));
    if (found > most) {
      best = std::move(index);
      most = found;
    }
  }
  return best;
}

}  // namespace sluice::authz
