#ifndef POLICY_STORE_MEMORY_TOKEN_STORE_H_
#define POLICY_STORE_MEMORY_TOKEN_STORE_H_

#include <cstddef>
#include <list>
#include <map>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <optional>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/token_store.h"

namespace sluice::policy {

// Keeps tokens in this process. Every Put() removes what has expired and then
// the oldest records until the new one fits, so that a flood of tokens costs
// the memory of the limits and no more (ACE-AZI-3).
class MemoryTokenStore : public TokenStoreInterface {
 public:
  struct Limits {
    size_t max_records = 100'000;
    // Thumbprints and tokens, with an allowance for each record's bookkeeping.
    size_t max_bytes = 128 << 20;
  };

  MemoryTokenStore() : MemoryTokenStore(Limits()) {}
  explicit MemoryTokenStore(const Limits& limits) : limits_(limits) {}
  MemoryTokenStore(const MemoryTokenStore&) = delete;
  MemoryTokenStore& operator=(const MemoryTokenStore&) = delete;

  absl::Status Put(TokenRecord record, absl::Time now) override;
  absl::StatusOr<std::optional<TokenRecord>> Find(
      absl::string_view key_thumbprint, absl::Time now) override;

  // What is held, expired records that nobody has cleared yet included.
  size_t records() const;
  size_t bytes() const;

 private:
  struct Entry;
  using Entries = std::list<Entry>;
  using ByExpiry = std::multimap<absl::Time, Entries::iterator>;
  struct Entry {
    TokenRecord record;
    size_t bytes;
    ByExpiry::iterator by_expiry;
  };

  void Remove(Entries::iterator entry);

  const Limits limits_;
  mutable std::mutex mutex_;
  Entries entries_;     // oldest first
  ByExpiry by_expiry_;  // soonest first
  // Keys alias the records' thumbprints.
  absl::flat_hash_map<absl::string_view, Entries::iterator> by_key_;
  size_t bytes_ = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_MEMORY_TOKEN_STORE_H_
