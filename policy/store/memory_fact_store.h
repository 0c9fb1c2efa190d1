#ifndef POLICY_STORE_MEMORY_FACT_STORE_H_
#define POLICY_STORE_MEMORY_FACT_STORE_H_

#include <array>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <optional>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/expiring_map.h"
#include "policy/store/fact_store.h"

namespace sluice::policy {

// Keeps all in this process.
class MemoryFactStore : public FactStoreInterface {
 public:
  explicit MemoryFactStore(const FactLimits& limits = FactLimits());

  absl::StatusOr<std::optional<Fact>> Find(FactKind kind, absl::string_view key,
                                           absl::Time now) override;
  absl::StatusOr<std::optional<Fact>> Make(FactKind kind, absl::string_view key,
                                           const Fact& fact,
                                           absl::Time now) override;
  absl::StatusOr<bool> Extend(FactKind kind, absl::string_view key,
                              const Fact& fact, absl::Time now) override;

 private:
  ExpiringMap& Of(FactKind kind) { return facts_[static_cast<size_t>(kind)]; }

  std::mutex mutex_;
  std::array<ExpiringMap, kFactKinds> facts_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_MEMORY_FACT_STORE_H_
