#ifndef PROXY_AUTHZ_FILTER_INDEX_H_
#define PROXY_AUTHZ_FILTER_INDEX_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "absl/strings/string_view.h"
#include "proxy/authz/number_set.h"

namespace sluice::authz {

// The topic filters of many owners in one trie of levels, so that finding all
// owners of one that overlaps another filter, or matches a topic, costs the
// walk and what is found, and not owners times filters. Two filters overlap
// where mqtt::TopicMatches() is true of both for some topic name.
class FilterIndex {
 public:
  FilterIndex();
  FilterIndex(FilterIndex&&) = default;
  FilterIndex& operator=(FilterIndex&&) = default;

  // `filter` is a valid topic filter and not a shared subscription. Owners are
  // added in ascending order.
  void Add(absl::string_view filter, uint16_t owner);

  bool empty() const { return links_.size() == 1; }

  // Inserts all owners of a filter that has a topic name in common with
  // `filter` (valid, not shared). A valid topic name is a filter that matches
  // itself only. At worst it costs the number of nodes.
  void Find(absl::string_view filter, NumberSet* owners) const;

 private:
  // 0 in place of a node, a level or a link: none. The root is nobody's child.
  struct Node {
    uint32_t plus = 0;   // child for `+`
    uint32_t first = 0;  // of the children for literal levels
    uint32_t next = 0;   // sibling; what begins with `$` at the first level is
                         // not among them, as no wildcard finds it
    uint32_t ends = 0;   // owners of filters that end here,
    uint32_t hash = 0;   // of those that go on with `#`,
    uint32_t below = 0;  // and of all that go on; the root's without `$...`
    // Of the filters that come by here: how many levels what they match may
    // have, and where they have a wildcard. See BitOf().
    uint32_t lengths = 0;
    uint32_t wild = 0;
  };
  struct Level {
    uint32_t id;
    uint32_t depths;  // where it occurs
  };
  // A list of owners, the last one first.
  struct Link {
    uint32_t next;
    uint16_t owner;
  };
  struct Query;
  class Walk;

  // Of a depth or a length in a mask; the last one stands for all above, too.
  static uint32_t BitOf(size_t depth) {
    return uint32_t{1} << (depth < 31 ? depth : 31);
  }
  // Of all from there on.
  static uint32_t BitsFrom(size_t depth) { return ~(BitOf(depth) - 1); }

  uint32_t Child(uint32_t node, uint32_t level) const;
  uint32_t AddChild(uint32_t node, absl::string_view level, size_t depth);
  void AddLink(uint16_t owner, uint32_t* list);
  Query Read(absl::string_view filter) const;

  std::vector<Node> nodes_;
  std::vector<Link> links_;
  absl::flat_hash_map<std::string, Level> levels_;  // literal ones
  // Children for literal levels: by the node, and the level's id.
  absl::flat_hash_map<uint64_t, uint32_t> children_;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_FILTER_INDEX_H_
