#ifndef POLICY_STORE_ETCD_FACT_STORE_H_
#define POLICY_STORE_ETCD_FACT_STORE_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/etcd_client.h"
#include "policy/store/etcd_key_counter.h"
#include "policy/store/fact_store.h"

namespace sluice::policy {

// Keeps all in etcd, for all policy services that use the same cluster and
// prefix:
//
//   PREFIX/client_id_owners/CLIENT_ID  StoredFact, the owner
//   PREFIX/first_seen/TOKEN            StoredFact, the time in decimal digits
//   PREFIX/used_proofs/PROOF           StoredFact
//
// Each change is one transaction, on the condition that what it rests on is as
// it was read, so of several services that are shown one proof at once, one
// takes it. Times are kept to the microsecond, rounded down. Leases, longer by
// an hour than what they are for (kKeptAfterEnd), remove what has expired.
//
// The number of the limits is kept to approximately: what other services write
// is noticed some seconds later, and what has expired counts until it is
// removed. Bytes are not counted: a fact must fit the bound of all, and etcd
// has a bound of its own.
//
// A call takes one to six round trips, and no longer than the client's
// timeout.
class EtcdFactStore : public FactStoreInterface {
 public:
  explicit EtcdFactStore(std::shared_ptr<EtcdClient> client,
                         const FactLimits& limits = FactLimits());

  absl::StatusOr<std::optional<Fact>> Find(FactKind kind, absl::string_view key,
                                           absl::Time now) override;
  absl::StatusOr<std::optional<Fact>> Make(FactKind kind, absl::string_view key,
                                           const Fact& fact,
                                           absl::Time now) override;
  absl::StatusOr<bool> Extend(FactKind kind, absl::string_view key,
                              const Fact& fact, absl::Time now) override;

 private:
  struct Keys {
    Keys(const std::shared_ptr<EtcdClient>& client, FactKind kind)
        : prefix(client->Prefix(NameOf(kind))), counter(client, prefix) {}

    const std::string prefix;
    EtcdKeyCounter counter;
  };
  struct FoundFact {
    std::optional<Fact> fact;  // where it is live
    int64_t revision = 0;      // 0: there is none, live or not
  };

  Keys& Of(FactKind kind) { return keys_[static_cast<size_t>(kind)]; }
  absl::StatusOr<FoundFact> Read(const std::string& key, absl::Time now,
                                 EtcdClient::Deadline deadline);
  // Puts `fact` in the place of what was written at `revision`, 0 for nothing.
  // False: something else has been written.
  absl::StatusOr<bool> Replace(const std::string& key, int64_t revision,
                               const Fact& fact, absl::Time now,
                               EtcdClient::Deadline deadline);

  const std::shared_ptr<EtcdClient> client_;
  const FactLimits limits_;
  std::array<Keys, kFactKinds> keys_;  // of each kind
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_FACT_STORE_H_
