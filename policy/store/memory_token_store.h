#ifndef POLICY_STORE_MEMORY_TOKEN_STORE_H_
#define POLICY_STORE_MEMORY_TOKEN_STORE_H_

#include <cstddef>
#include <list>
#include <map>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/token_store.h"
#include "policy/store/write_pace.h"

namespace sluice::policy {

// Keeps all in this process. Every Put() removes what has expired and then the
// oldest records until the new one fits, so that a flood of tokens costs the
// memory of the limits and no more (ACE-AZI-3).
class MemoryTokenStore : public TokenStoreInterface {
 public:
  explicit MemoryTokenStore(const TokenLimits& limits = TokenLimits())
      : limits_(limits) {}
  MemoryTokenStore(const MemoryTokenStore&) = delete;
  MemoryTokenStore& operator=(const MemoryTokenStore&) = delete;

  absl::StatusOr<std::optional<TokenRecord>> Find(absl::string_view binding,
                                                  absl::Time now) override;
  absl::StatusOr<std::vector<TokenRecord>> List(absl::string_view after,
                                                size_t limit,
                                                absl::Time now) override;
  absl::StatusOr<std::optional<TokenRecord>> FindByClientId(
      absl::string_view client_id, absl::Time now) override;
  absl::StatusOr<std::vector<TokenRecord>> FindByKid(absl::string_view issuer,
                                                     absl::string_view subject,
                                                     absl::string_view kid,
                                                     absl::Time now) override;
  absl::StatusOr<std::vector<TokenRecord>> FindSymmetricByKid(
      absl::string_view kid, absl::Time now) override;
  absl::StatusOr<std::vector<TokenRecord>> FindBySubject(
      absl::string_view issuer, absl::string_view subject, size_t limit,
      absl::Time now) override;

 private:
  struct Entry;
  using Entries = std::list<Entry>;
  using ByExpiry = std::multimap<absl::Time, Entries::iterator>;
  // `kid`, issuer and subject.
  using KeyName =
      std::tuple<absl::string_view, absl::string_view, absl::string_view>;
  using ByKid = std::multimap<KeyName, Entries::iterator>;
  // `kid`, named_since and binding.
  using SinceName =
      std::tuple<absl::string_view, absl::Time, absl::string_view>;
  using BySince = std::map<SinceName, Entries::iterator>;
  using BySubject = std::multimap<absl::string_view, Entries::iterator>;
  struct Entry {
    TokenRecord record;
    size_t bytes;
    ByExpiry::iterator by_expiry;
    ByKid::iterator by_kid;          // the end where the record has no `kid`
    BySubject::iterator by_subject;  // the end where it has no subject
  };
  using ByBinding = std::map<absl::string_view, Entries::iterator>;
  using ByClientId = absl::flat_hash_map<absl::string_view, Entries::iterator>;

  absl::Status PutOf(TokenRecord record, Possession possession,
                     absl::Time now) override;
  template <typename Index>
  static std::optional<TokenRecord> Lookup(const Index& index,
                                           absl::string_view key,
                                           absl::Time now);
  // The live records with a key of that name.
  std::vector<TokenRecord> Namesakes(const KeyName& name, absl::Time now) const;
  static SinceName SinceNameOf(const TokenRecord& record);
  void Remove(Entries::iterator entry);
  // Takes the Client Identifier away from the record that has it.
  void ReleaseClientId(absl::string_view client_id);

  const TokenLimits limits_;
  WritePace pace_;
  std::mutex mutex_;
  Entries entries_;     // oldest first
  ByExpiry by_expiry_;  // soonest first
  // Keys alias the records' strings.
  ByBinding by_binding_;
  ByClientId by_client_id_;
  ByKid by_kid_;
  BySince by_since_;  // those with named_since
  BySubject by_subject_;
  size_t bytes_ = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_MEMORY_TOKEN_STORE_H_
