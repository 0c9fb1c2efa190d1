#include "test/proxy/mqtt/reference_filters.h"

#include "proxy/mqtt/topic_levels.h"

namespace sluice::mqtt {
namespace {

bool IsWildcard(char c) { return c == '+' || c == '#'; }

}  // namespace

// Levels are compared one to one: `outer`'s must let through whatever
// `inner`'s may be. That is exact, since a wildcard level of `inner` stands for
// names of which `outer` cannot list all. The one thing that needs a thought is
// the parent level that `#` matches, too: see below.
bool FilterIsSubset(absl::string_view inner, absl::string_view outer) {
  if (inner.empty() || outer.empty()) return false;
  if (inner[0] == '$' && IsWildcard(outer[0])) return false;
  TopicLevels in(inner), out(outer);
  while (true) {
    if (!in.done() && in.rest() == "#") {
      if (!out.done() && out.rest() == "+/#") {
        // This misses the parent only, and `#` and `/#` have none: a topic name
        // is not empty.
        return inner == "#" || inner == "/#";
      }
      return !out.done() && out.rest() == "#";
    }
    if (out.done()) return in.done();
    if (out.rest() == "#") return true;
    if (in.done()) return false;
    const absl::string_view in_level = in.Next();
    const absl::string_view out_level = out.Next();
    if (out_level != "+" && out_level != in_level) return false;
  }
}

bool FiltersOverlap(absl::string_view a, absl::string_view b) {
  if (a.empty() || b.empty()) return false;
  if (a[0] == '$' && IsWildcard(b[0])) return false;
  if (b[0] == '$' && IsWildcard(a[0])) return false;
  // Both would match the empty topic name, which there is not.
  if ((a == "+" && b == "/#") || (a == "/#" && b == "+")) return false;
  TopicLevels as(a), bs(b);
  while (!as.done() && !bs.done()) {
    if (as.rest() == "#" || bs.rest() == "#") return true;
    const absl::string_view a_level = as.Next();
    const absl::string_view b_level = bs.Next();
    if (a_level != b_level && a_level != "+" && b_level != "+") return false;
  }
  // What is left of the other may be `#`, which also matches the parent level.
  if (as.done()) return bs.done() || bs.rest() == "#";
  return as.rest() == "#";
}

}  // namespace sluice::mqtt
