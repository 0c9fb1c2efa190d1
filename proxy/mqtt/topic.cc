#include "proxy/mqtt/topic.h"

#include <cstddef>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace sluice::mqtt {
namespace {

constexpr absl::string_view kSharePrefix = "$share/";

bool IsWildcard(char c) { return c == '+' || c == '#'; }

// Whether the wildcards of `filter` (not shared) stand where they may.
bool HasFilterShape(absl::string_view filter) {
  if (filter.empty()) return false;
  for (size_t i = 0; i < filter.size(); ++i) {
    if (!IsWildcard(filter[i])) continue;
    const bool begins = i == 0 || filter[i - 1] == '/';
    const bool last = i + 1 == filter.size();
    const bool ends = last || (filter[i] == '+' && filter[i + 1] == '/');
    if (!begins || !ends) return false;
  }
  return true;
}

}  // namespace

bool IsValidTopicName(absl::string_view topic) {
  const Utf8Scan scan = ScanUtf8(topic);
  return scan.valid && !scan.has_wildcard && !topic.empty();
}

bool IsShared(absl::string_view filter) {
  return absl::StartsWith(filter, kSharePrefix);
}

bool IsValidTopicFilter(absl::string_view filter) {
  if (!IsValidUtf8(filter)) return false;
  if (!absl::ConsumePrefix(&filter, kSharePrefix)) {
    return HasFilterShape(filter);
  }
  const size_t slash = filter.find('/');
  if (slash == 0 || slash == absl::string_view::npos) return false;
  const absl::string_view share_name = filter.substr(0, slash);
  const absl::string_view behind = filter.substr(slash + 1);
  return share_name.find_first_of("+#") == absl::string_view::npos &&
         !IsShared(behind) && HasFilterShape(behind);
}

bool IsValidUnsharedFilter(absl::string_view filter) {
  return IsValidTopicFilter(filter) && !IsShared(filter);
}

bool IsValidTopicFilterV311(absl::string_view filter) {
  return IsValidUtf8(filter) && HasFilterShape(filter);
}

absl::string_view WithoutShare(absl::string_view filter) {
  absl::string_view rest = filter;
  if (!absl::ConsumePrefix(&rest, kSharePrefix)) return filter;
  const size_t slash = rest.find('/');
  return slash == absl::string_view::npos ? filter : rest.substr(slash + 1);
}

// Goes by bytes, not by levels: in a valid filter a wildcard byte is a whole
// level, and a valid topic name holds none.
bool TopicMatches(absl::string_view filter, absl::string_view topic) {
  if (filter.empty() || topic.empty()) return false;
  if (topic[0] == '$' && IsWildcard(filter[0])) return false;
  size_t t = 0;
  for (size_t f = 0; f < filter.size(); ++f) {
    if (filter[f] == '#') return true;
    if (filter[f] == '+') {
      while (t < topic.size() && topic[t] != '/') ++t;
      continue;
    }
    // `a/#` matches its parent `a`, too.
    if (t == topic.size()) return filter.substr(f) == "/#";
    if (filter[f] != topic[t]) return false;
    ++t;
  }
  return t == topic.size();
}

}  // namespace sluice::mqtt
