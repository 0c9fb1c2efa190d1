#include "proxy/authz/filter_index.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "proxy/mqtt/topic_levels.h"

namespace sluice::authz {
namespace {

// Calls `use` with each level of a topic filter and its depth.
template <typename Use>
void ForEachLevel(absl::string_view filter, Use use) {
  mqtt::TopicLevels levels(filter);
  for (size_t depth = 0; !levels.done(); ++depth) use(levels.Next(), depth);
}

bool BeginsWithDollar(absl::string_view filter) {
  return !filter.empty() && filter[0] == '$';
}

uint64_t ChildKey(uint32_t node, uint32_t level) {
  return uint64_t{node} << 32 | level;
}

}  // namespace

// A filter, or topic name, that is looked for.
struct FilterIndex::Query {
  enum class Kind : uint8_t { kLiteral, kUnknown, kPlus };
  struct Level {
    Kind kind;
    uint32_t id;  // of a literal one
  };

  absl::InlinedVector<Level, 16> levels;  // but for `#`
  bool has_hash = false;                  // it ends with `#`
  bool is_dollar = false;                 // it begins with `$`
  // Of Node::lengths one, and of Node::wild all are needed: what stands at
  // those levels occurs nowhere at that depth.
  uint32_t lengths = 0;
  uint32_t unknown = 0;
  // Where what ends has only the empty topic name in common, which there is
  // not: `+` and `/#`.
  uint32_t nameless = 0;
};

// Goes down all ways that may lead to something, without recursion.
class FilterIndex::Walk {
 public:
  Walk(const FilterIndex& index, const Query& query, NumberSet* owners)
      : index_(index), query_(query), owners_(*owners) {}

  void Run() {
    steps_.push_back({0, 0, 0, false});
    while (!steps_.empty()) {
      const Step step = steps_.back();
      steps_.pop_back();
      const Node& node = index_.nodes_[step.node];
      if (step.and_siblings && node.next != 0 && !IsFound(step.parent)) {
        steps_.push_back({node.next, step.parent, step.depth, true});
      }
      if ((node.lengths & query_.lengths) == 0 ||
          (query_.unknown & ~node.wild & BitsFrom(step.depth)) != 0) {
        continue;
      }
      if (step.depth == query_.levels.size()) {
        TakeHere(step.node);
      } else {
        GoOn(step);
      }
    }
  }

 private:
  struct Step {
    uint32_t node;
    uint32_t parent;
    uint32_t depth;
    bool and_siblings;
  };

  // Whether all that goes on from `node` has been found: known where that is
  // one owner.
  bool IsFound(uint32_t node) const {
    const Link& link = index_.links_[index_.nodes_[node].below];
    return link.next == 0 && owners_.Contains(link.owner);
  }

  void Take(uint32_t list) {
    for (; list != 0; list = index_.links_[list].next) {
      owners_.Insert(index_.links_[list].owner);
    }
  }

  // `#` matches its parent level as well (MQTT 5.0 section 4.7.1.2), in the
  // query and in what is here.
  void TakeHere(uint32_t place) {
    const Node& node = index_.nodes_[place];
    if (query_.has_hash) Take(node.below);
    if (place == query_.nameless && place != 0) return;
    Take(node.ends);
    if (!query_.has_hash) Take(node.hash);
  }

  void GoOn(const Step& step) {
    const Node& node = index_.nodes_[step.node];
    const Query::Level level = query_.levels[step.depth];
    const uint32_t depth = step.depth + 1;
    // A wildcard at the first level matches no `$...` (section 4.7.2).
    if (step.depth > 0 || !query_.is_dollar) {
      Take(node.hash);
      if (node.plus != 0) {
        steps_.push_back({node.plus, step.node, depth, false});
      }
    }
    uint32_t child = 0;
    if (level.kind == Query::Kind::kPlus) {
      child = node.first;
    } else if (level.kind == Query::Kind::kLiteral) {
      child = index_.Child(step.node, level.id);
    }
    if (child != 0) {
      steps_.push_back(
          {child, step.node, depth, level.kind == Query::Kind::kPlus});
    }
  }

  const FilterIndex& index_;
  const Query& query_;
  NumberSet& owners_;
  absl::InlinedVector<Step, 16> steps_;
};

FilterIndex::FilterIndex() : nodes_(1), links_(1) {}

void FilterIndex::Add(absl::string_view filter, uint16_t owner) {
  uint32_t lengths = 0;
  uint32_t wild = 0;
  ForEachLevel(filter, [&](absl::string_view level, size_t depth) {
    lengths = level == "#" ? BitsFrom(depth) : BitOf(depth + 1);
    if (level == "#") wild |= BitsFrom(depth);
    if (level == "+") wild |= BitOf(depth);
  });
  uint32_t node = 0;
  bool has_hash = false;
  ForEachLevel(filter, [&](absl::string_view level, size_t depth) {
    nodes_[node].lengths |= lengths;
    nodes_[node].wild |= wild;
    if (depth > 0 || !BeginsWithDollar(filter)) {
      AddLink(owner, &nodes_[node].below);
    }
    has_hash = level == "#";
    if (!has_hash) node = AddChild(node, level, depth);
  });
  nodes_[node].lengths |= lengths;
  nodes_[node].wild |= wild;
  AddLink(owner, has_hash ? &nodes_[node].hash : &nodes_[node].ends);
}

void FilterIndex::AddLink(uint16_t owner, uint32_t* list) {
  if (*list != 0 && links_[*list].owner == owner) return;
  links_.push_back({*list, owner});
  *list = static_cast<uint32_t>(links_.size() - 1);
}

uint32_t FilterIndex::AddChild(uint32_t node, absl::string_view level,
                               size_t depth) {
  const auto added = static_cast<uint32_t>(nodes_.size());
  if (level == "+") {
    if (nodes_[node].plus != 0) return nodes_[node].plus;
    nodes_[node].plus = added;
    nodes_.emplace_back();
    return added;
  }
  Level& known = levels_.try_emplace(level, Level{}).first->second;
  if (known.id == 0) known.id = static_cast<uint32_t>(levels_.size());
  known.depths |= BitOf(depth);
  const auto [child, is_new] =
      children_.try_emplace(ChildKey(node, known.id), added);
  if (!is_new) return child->second;
  nodes_.emplace_back();
  if (depth > 0 || !BeginsWithDollar(level)) {
    nodes_[added].next = nodes_[node].first;
    nodes_[node].first = added;
  }
  return added;
}

uint32_t FilterIndex::Child(uint32_t node, uint32_t level) const {
  const auto it = children_.find(ChildKey(node, level));
  return it == children_.end() ? 0 : it->second;
}

FilterIndex::Query FilterIndex::Read(absl::string_view filter) const {
  Query query;
  query.is_dollar = BeginsWithDollar(filter);
  ForEachLevel(filter, [&](absl::string_view level, size_t depth) {
    if (level == "#") {
      query.has_hash = true;
      return;
    }
    if (level == "+") {
      query.levels.push_back({Query::Kind::kPlus, 0});
      return;
    }
    const auto it = levels_.find(level);
    if (it != levels_.end() && (it->second.depths & BitOf(depth)) != 0) {
      query.levels.push_back({Query::Kind::kLiteral, it->second.id});
      return;
    }
    query.levels.push_back({Query::Kind::kUnknown, 0});
    query.unknown |= BitOf(depth);
  });
  const size_t length = query.levels.size();
  query.lengths = query.has_hash ? BitsFrom(length) : BitOf(length);
  if (filter == "/#") query.nameless = nodes_[0].plus;
  if (filter == "+") {
    const auto it = levels_.find("");
    if (it != levels_.end()) query.nameless = Child(0, it->second.id);
  }
  return query;
}

void FilterIndex::Find(absl::string_view filter, NumberSet* owners) const {
  const Query query = Read(filter);
  Walk(*this, query, owners).Run();
}

}  // namespace sluice::authz
