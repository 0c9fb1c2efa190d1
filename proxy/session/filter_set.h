#ifndef PROXY_SESSION_FILTER_SET_H_
#define PROXY_SESSION_FILTER_SET_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"

namespace sluice::session {

// Topic filters compiled into one trie of levels, so that judging a topic costs
// its levels and not the number of filters. Semantics are those of
// mqtt::TopicMatches() and mqtt::FilterIsSubset().
class FilterSet {
 public:
  FilterSet();
  FilterSet(FilterSet&&) = default;
  FilterSet& operator=(FilterSet&&) = default;

  // `filter` is a valid topic filter and not a shared subscription.
  void Add(absl::string_view filter);

  bool empty() const { return filters_.empty(); }

  // Whether a filter of the set matches the valid topic name `topic`.
  bool Matches(absl::string_view topic) const;

  // Whether the valid filter `filter` (not shared) is equal to, or a subset of,
  // one filter of the set (ACE-SCP-4).
  bool Covers(absl::string_view filter) const;

 private:
  static constexpr uint32_t kNone = 0;  // the root is nobody's child

  struct Node {
    uint32_t plus = kNone;  // child for `+`
    bool ends = false;      // a filter ends at this level
    bool hash = false;      // a filter goes on with `#`
  };
  using Active = absl::InlinedVector<uint32_t, 8>;

  uint32_t Child(uint32_t node, absl::string_view level) const;
  bool AnyEnds(const Active& nodes) const;

  std::vector<Node> nodes_;
  // Children by literal level. The keys' text lives in filters_.
  absl::flat_hash_map<std::pair<uint32_t, absl::string_view>, uint32_t>
      children_;
  std::vector<std::unique_ptr<std::string>> filters_;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_FILTER_SET_H_
