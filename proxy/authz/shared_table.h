#ifndef PROXY_AUTHZ_SHARED_TABLE_H_
#define PROXY_AUTHZ_SHARED_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <unordered_map>
#include <utility>

namespace sluice::authz {

// What has been compiled and is in use, so that what is equal is shared. Keeps
// nothing alive: entries whose value is gone are swept out before they are more
// than those that are there. Thread-safe; not for what is done for each
// message.
template <typename T>
class SharedTable {
 public:
  SharedTable() = default;
  SharedTable(const SharedTable&) = delete;
  SharedTable& operator=(const SharedTable&) = delete;

  // The value with `hash` of which `is_same` is true; null: there is none.
  // `is_same` must not use the table.
  template <typename IsSame>
  std::shared_ptr<const T> Find(size_t hash, IsSame is_same) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return FindLocked(hash, is_same);
  }

  // Adds `made`, which has `hash`, unless another thread was first: returns
  // what is to be used.
  template <typename IsSame>
  std::shared_ptr<const T> Add(size_t hash, IsSame is_same,
                               std::shared_ptr<const T> made) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::shared_ptr<const T> other = FindLocked(hash, is_same);
    if (other != nullptr) return other;
    if (values_.size() >= sweep_at_) Sweep();
    values_.emplace(hash, made);
    return made;
  }

  // Entries, those included whose value is gone.
  size_t size() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return values_.size();
  }

 private:
  static constexpr size_t kMinSweep = 64;

  // With mutex_ held.
  template <typename IsSame>
  std::shared_ptr<const T> FindLocked(size_t hash,
                                      const IsSame& is_same) const {
    const auto [begin, end] = values_.equal_range(hash);
    for (auto it = begin; it != end; ++it) {
      std::shared_ptr<const T> value = it->second.lock();
      if (value != nullptr && is_same(*value)) return value;
    }
    return nullptr;
  }

  // The same.
  void Sweep() {
    for (auto it = values_.begin(); it != values_.end();) {
      it = it->second.expired() ? values_.erase(it) : std::next(it);
    }
    sweep_at_ = std::max(kMinSweep, 2 * values_.size());
  }

  mutable std::mutex mutex_;
  std::unordered_multimap<size_t, std::weak_ptr<const T>> values_;
  size_t sweep_at_ = kMinSweep;
};

}  // namespace sluice::authz

#endif  // PROXY_AUTHZ_SHARED_TABLE_H_
