#ifndef TEST_PROXY_AUTHZ_ENUMERATE_H_
#define TEST_PROXY_AUTHZ_ENUMERATE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proxy/mqtt/topic.h"

namespace sluice::authz {

// All filters or topics of up to `depth` levels over `alphabet`.
inline std::vector<std::string> Enumerate(
    const std::vector<std::string>& alphabet, int depth) {
  std::vector<std::string> all;
  std::vector<std::string> last = {""};
  for (int level = 0; level < depth; ++level) {
    std::vector<std::string> next;
    for (const std::string& prefix : last) {
      for (const std::string& word : alphabet) {
        next.push_back(level == 0 ? word : absl::StrCat(prefix, "/", word));
      }
    }
    all.insert(all.end(), next.begin(), next.end());
    last = std::move(next);
  }
  return all;
}

inline std::vector<std::string> EnumerateFilters(int depth) {
  std::vector<std::string> filters;
  for (const std::string& filter :
       Enumerate({"a", "$s", "", "+", "#"}, depth)) {
    if (mqtt::IsValidTopicFilter(filter)) filters.push_back(filter);
  }
  return filters;
}

inline std::vector<std::string> EnumerateTopics(int depth) {
  std::vector<std::string> topics;
  for (const std::string& topic : Enumerate({"a", "$s", "", "b"}, depth)) {
    if (mqtt::IsValidTopicName(topic)) topics.push_back(topic);
  }
  return topics;
}

}  // namespace sluice::authz

#endif  // TEST_PROXY_AUTHZ_ENUMERATE_H_
