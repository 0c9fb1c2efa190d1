#include "proxy/authz/filter_set.h"

#include "absl/memory/memory.h"
#include "proxy/mqtt/topic_levels.h"

namespace sluice::authz {

FilterSet::FilterSet() : nodes_(1) {}

void FilterSet::Add(absl::string_view filter) {
  filters_.push_back(absl::make_unique<std::string>(filter));
  const auto place = static_cast<uint32_t>(filters_.size());
  mqtt::TopicLevels levels(*filters_.back());
  uint32_t node = 0;
  while (!levels.done()) {
    const absl::string_view level = levels.Next();
    if (level == "#") {
      nodes_[node].hash = place;
      return;
    }
    uint32_t next = level == "+" ? nodes_[node].plus : Child(node, level);
    if (next == kNone) {
      next = static_cast<uint32_t>(nodes_.size());
      nodes_.emplace_back();
      if (level == "+") {
        nodes_[node].plus = next;
      } else {
        children_.emplace(std::make_pair(node, level), next);
      }
    }
    node = next;
  }
  nodes_[node].ends = place;
}

uint32_t FilterSet::Child(uint32_t node, absl::string_view level) const {
  const auto it = children_.find(std::make_pair(node, level));
  return it == children_.end() ? kNone : it->second;
}

// A filter that goes on with `#` also matches its parent level (section
// 4.7.1.2).
const std::string* FilterSet::AnyThatEnds(const Active& nodes) const {
  for (uint32_t node : nodes) {
    if (nodes_[node].ends != kNone) return FilterAt(nodes_[node].ends);
    if (nodes_[node].hash != kNone) return FilterAt(nodes_[node].hash);
  }
  return nullptr;
}

const std::string* FilterSet::FindMatch(absl::string_view topic) const {
  Active active = {0};
  Active next;
  mqtt::TopicLevels levels(topic);
  for (bool first = true; !active.empty() && !levels.done(); first = false) {
    const absl::string_view level = levels.Next();
    // A wildcard at the first level matches no `$...` topic (section 4.7.2).
    const bool wildcards = !(first && !level.empty() && level[0] == '$');
    next.clear();
    for (uint32_t node : active) {
      if (wildcards && nodes_[node].hash != kNone) {
        return FilterAt(nodes_[node].hash);
      }
      const uint32_t child = Child(node, level);
      if (child != kNone) next.push_back(child);
      if (wildcards && nodes_[node].plus != kNone) {
        next.push_back(nodes_[node].plus);
      }
    }
    active.swap(next);
  }
  return AnyThatEnds(active);
}

const std::string* FilterSet::FindCover(absl::string_view filter) const {
  // What goes on with `#` includes its parent level, unless that would be the
  // empty topic name, which there is not: then `+/#` is as wide.
  const bool has_parent = filter != "#" && filter != "/#";
  Active active = {0};
  Active next;
  mqtt::TopicLevels levels(filter);
  for (bool first = true; !active.empty() && !levels.done(); first = false) {
    const absl::string_view level = levels.Next();
    const bool wildcards = !(first && !level.empty() && level[0] == '$');
    next.clear();
    for (uint32_t node : active) {
      if (wildcards && nodes_[node].hash != kNone) {
        return FilterAt(nodes_[node].hash);
      }
      if (level == "#") {
        const uint32_t plus = nodes_[node].plus;
        if (!has_parent && plus != kNone && nodes_[plus].hash != kNone) {
          return FilterAt(nodes_[plus].hash);
        }
        continue;  // else only `#` covers `#`
      }
      if (level != "+") {
        const uint32_t child = Child(node, level);
        if (child != kNone) next.push_back(child);
      }
      if (wildcards && nodes_[node].plus != kNone) {
        next.push_back(nodes_[node].plus);
      }
    }
    active.swap(next);
  }
  return AnyThatEnds(active);
}

}  // namespace sluice::authz
