#ifndef PROXY_AUTHZ_FILTER_SET_H_
#define PROXY_AUTHZ_FILTER_SET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

namespace sluice::authz {

// Topic filters compiled into one trie of levels, so that judging a topic costs
// its levels and not the number of filters. Semantics are those of
// mqtt::TopicMatches().
class FilterSet {
 public:
  FilterSet();
  FilterSet(FilterSet&&) = default;
  FilterSet& operator=(FilterSet&&) = default;

  // `filter` is a valid topic filter and not a shared subscription.
  void Add(absl::string_view filter);

  bool empty() const { return filters_.empty(); }
  // The filters, in the order in which they were added.
  size_t size() const { return filters_.size(); }
  const std::string& filter(size_t i) const { return *filters_[i]; }

  // Whether a filter of the set matches the valid topic name `topic`.
  bool Matches(absl::string_view topic) const {
    return !empty() && FindMatch(topic) != nullptr;
  }
  // One that does, as long as the set lives; null: none does.
  const std::string* FindMatch(absl::string_view topic) const;

  // Whether the valid filter `filter` (not shared) is equal to, or a subset of,
  // one filter of the set (ACE-SCP-4).
  bool Covers(absl::string_view filter) const {
    return !empty() && FindCover(filter) != nullptr;
  }
  // That one, as long as the set lives; null: there is none.
  const std::string* FindCover(absl::string_view filter) const;

 private:
  static constexpr uint32_t kNone = 0;  // the root is nobody's child

  struct Node {
    uint32_t plus = kNone;  // child for `+`
    // Filters, by their places in filters_ from 1 on; kNone: there is none.
    uint32_t ends = kNone;  // the one that ends at this level
    uint32_t hash = kNone;  // the one that goes on with `#`
  };
  using Active = absl::InlinedVector<uint32_t, 8>;

  uint32_t Child(uint32_t node, absl::string_view level) const;
  const std::string* AnyThatEnds(const Active& nodes) const;
  const std::string* FilterAt(uint32_t place) const {
    return filters_[place - 1].get();
  }

  std::vector<Node> nodes_;
  // Children by literal level. The keys' text lives in filters_.
  absl::flat_hash_map<std::pair<uint32_t, absl::string_view>, uint32_t>
      children_;
  std::vector<std::unique_ptr<std::string>> filters_;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_FILTER_SET_H_
