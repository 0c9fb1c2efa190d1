#ifndef POLICY_REVOCATION_REVOCATION_SET_H_
#define POLICY_REVOCATION_REVOCATION_SET_H_

#include <array>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/node_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "policy/revocation/kept_after_end.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

// What a grant or a token can be revoked by. Views.
struct RevocableNames {
  absl::string_view issuer;
  // Empty: it has none, and nothing revokes it by that.
  absl::string_view token_id;
  absl::string_view subject;
  absl::Span<const std::string> key_ids;
};

// When it ends by itself; InfiniteFuture where it does not, or says so in a way
// that cannot be understood.
absl::Time EndOf(const v1::Revocation& revocation);

// Revocations, by what they name (ACE-EXP-4). A look-up costs the same however
// many there are. Not thread-safe.
class RevocationSet {
 public:
  // Adds `revocation`, in place of one of the same name. One without a target,
  // or with an empty one, revokes nothing.
  void Add(const v1::Revocation& revocation);
  // Whether there was one of that name.
  bool Remove(absl::string_view name);
  void Clear();
  // Forgets those that have ended kKeptAfterEnd before.
  void RemoveExpired(absl::Time now);

  // The name of a revocation that is in force at `now` and fits; empty where
  // there is none. Good until the next change of the set.
  absl::string_view Find(const RevocableNames& names, absl::Time now) const;

  bool empty() const { return by_name_.empty(); }
  size_t size() const { return by_name_.size(); }

 private:
  enum class Target : unsigned char { kTokenId, kSubject, kKeyId };
  static constexpr size_t kTargets = 3;
  using NamesByValue =
      absl::flat_hash_map<std::string, std::vector<absl::string_view>>;
  struct Entry {
    Target target;
    std::string value;
    std::string issuer;
    absl::Time expires_at;
  };

  absl::string_view FindTarget(Target target, absl::string_view value,
                               absl::string_view issuer, absl::Time now) const;
  NamesByValue& NamesOf(Target target) {
    return by_target_[static_cast<size_t>(target)];
  }
  void Unlink(absl::string_view name, const Entry& entry);

  absl::node_hash_map<std::string, Entry> by_name_;
  // Names: keys of by_name_, whose nodes do not move.
  std::array<NamesByValue, kTargets> by_target_;
  // The same, of those that end.
  std::set<std::pair<absl::Time, absl::string_view>> by_expiry_;
};

}  // namespace sluice::policy

#endif  // POLICY_REVOCATION_REVOCATION_SET_H_
