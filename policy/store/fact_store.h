#ifndef POLICY_STORE_FACT_STORE_H_
#define POLICY_STORE_FACT_STORE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::policy {

// What facts are of. Each kind has keys of its own.
enum class FactKind { kClientIdOwner, kFirstSeen, kUsedProof };
inline constexpr size_t kFactKinds = 3;

// What a kind is called where its facts are kept.
inline absl::string_view NameOf(FactKind kind) {
  switch (kind) {
    case FactKind::kClientIdOwner:
      return "client_id_owners";
    case FactKind::kFirstSeen:
      return "first_seen";
    case FactKind::kUsedProof:
      return "used_proofs";
  }
  return "";
}

// What is remembered of a key.
struct Fact {
  std::string value;
  absl::Time expires_at;  // may be the infinite future
};

// What a store holds at most, of each kind. Bytes are those of the strings,
// with an allowance for each fact's bookkeeping.
struct FactLimits {
  size_t max_facts = 100'000;
  size_t max_bytes = 64 << 20;
};

// What would be dangerous to forget, and so is never forgotten before it
// expires. Thread-safe; time is the caller's, and what has expired at `now` is
// not there any more. An error says that the store could not be asked, or not
// changed; where an answer of etcd's was lost, it may have been.
class FactStoreInterface {
 public:
  virtual ~FactStoreInterface() = default;

  // The fact of the key, if there is one.
  virtual absl::StatusOr<std::optional<Fact>> Find(FactKind kind,
                                                   absl::string_view key,
                                                   absl::Time now) = 0;

  // Makes `fact` that of the key where it has none; else changes nothing, and
  // returns the one that is there. Check and change are one step: of two that
  // make one at once, one is told of the other's. Where there is no room for
  // another fact it fails with kResourceExhausted, so nothing is allowed on its
  // account.
  virtual absl::StatusOr<std::optional<Fact>> Make(FactKind kind,
                                                   absl::string_view key,
                                                   const Fact& fact,
                                                   absl::Time now) = 0;

  // Lets the fact of the key expire when `fact` does, unless it expires later.
  // False where it is not there any more, or has not the value of `fact`, or
  // was changed meanwhile.
  virtual absl::StatusOr<bool> Extend(FactKind kind, absl::string_view key,
                                      const Fact& fact, absl::Time now) = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_FACT_STORE_H_
