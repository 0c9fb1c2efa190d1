#ifndef PROXY_SESSION_CHECKED_FILTERS_H_
#define PROXY_SESSION_CHECKED_FILTERS_H_

#include <cstddef>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "proxy/authz/filter_set.h"
#include "proxy/authz/rule.h"

namespace sluice::session {

// The filters that checkers let a client subscribe to on this connection: its
// messages need not be asked about. That counts as long as the rule asks the
// same checker, whatever else changes in it.
class CheckedFilters {
 public:
  // Bytes that filters may take in all: their own, and kBytesEach for each and
  // for each of its levels.
  static constexpr size_t kMostBytes = 128 * 1024;
  static constexpr size_t kMostBytesWithoutToken = 16 * 1024;
  static constexpr size_t kBytesEach = 64;

  void set_max_bytes(size_t max_bytes) { max_bytes_ = max_bytes; }
  size_t bytes() const { return bytes_; }

  // `filter` is not shared, and passed the checker of `rule`. What is over the
  // bound is not kept; its messages are asked about.
  void Add(const authz::Rule& rule, absl::string_view filter);
  // Whether messages to `topic` come by one that passed the checker of `rule`,
  // or could.
  bool Cover(const authz::Rule& rule, absl::string_view topic) const;

 private:
  // By rule and checker.
  absl::flat_hash_map<std::string, authz::FilterSet> passed_;
  size_t bytes_ = 0;
  size_t max_bytes_ = kMostBytes;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_CHECKED_FILTERS_H_
