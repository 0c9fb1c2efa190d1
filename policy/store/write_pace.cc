#include "policy/store/write_pace.h"

#include <algorithm>

namespace sluice::policy {

bool WritePace::Take(absl::string_view key, absl::Time now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  busy_.RemoveExpired(now);
  const auto* const busy = busy_.Find(key);
  if (busy == nullptr) {
    if (busy_.size() >= kMaxKeys) busy_.RemoveFirst();
    busy_.Add(key, {{}, now + kInterval}, key.size());
    return true;
  }
  const absl::Time last = now + kAtOnce * kInterval;
  const absl::Time until = std::min(busy->expires_at, last);
  const bool may = until + kInterval <= last;
  busy_.SetExpiry(key, may ? until + kInterval : until);
  return may;
}

}  // namespace sluice::policy
