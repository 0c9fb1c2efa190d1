#ifndef POLICY_STORE_ETCD_TOKEN_STORE_H_
#define POLICY_STORE_ETCD_TOKEN_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/etcd_client.h"
#include "policy/store/etcd_key_counter.h"
#include "policy/store/etcd_token_evictor.h"
#include "policy/store/etcd_token_keys.h"
#include "policy/store/token_store.h"
#include "policy/store/write_pace.h"

namespace sluice::policy {

// Keeps all in etcd, for all policy services that use the same cluster and
// prefix:
//
//   PREFIX/tokens/BINDING              StoredToken
//   PREFIX/clients/CLIENT_ID           the binding of its record
//   PREFIX/kids/HEX_KID/HEX_ISSUER/HEX_SUBJECT/HEX_BINDING  the binding
//   PREFIX/secrets/HEX_KID/NAMED_SINCE/HEX_BINDING          the binding
//   PREFIX/subjects/HEX_SUBJECT/HEX_BINDING                 the binding
//
// Each change is one transaction, on the condition that what it rests on is as
// it was read. Times are kept to the microsecond, rounded down. Leases, longer
// by a minute or two than what they are for, remove what has expired.
//
// The number of the limits is kept to approximately: what other services write
// is noticed some seconds later, and what has expired counts until it is
// removed. Bytes are not counted: a record must fit the bound of all, and etcd
// has a bound of its own. From a hundredth below the number of tokens on, the
// oldest go, a hundredth at a time, while others come; only a tenth above it is
// none taken any more.
//
// A call takes one to six round trips, and no longer than the client's
// timeout.
class EtcdTokenStore : public TokenStoreInterface {
 public:
  explicit EtcdTokenStore(std::shared_ptr<EtcdClient> client,
                          const TokenLimits& limits = TokenLimits());

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
  // What a Put() rests on, as it was read.
  struct Before {
    std::optional<TokenRecord> earlier;  // of the binding, live or not
    int64_t earlier_revision = 0;
    std::string client_binding;   // whose its identifier is; empty: nobody's
    int64_t client_revision = 0;  // of its key
    std::optional<TokenRecord> loser;  // who loses it, where that is another
    int64_t loser_revision = 0;
  };
  struct FoundRecord {
    std::optional<TokenRecord> record;  // live or not; where it can be read
    int64_t revision = 0;               // 0: there is none
  };

  // The keys of all that leads to the record with that value.
  std::vector<std::string> NamesIn(const std::string& value) const;

  absl::Status PutOf(TokenRecord record, Possession possession,
                     absl::Time now) override;
  // Makes of `record` what is to be written.
  absl::StatusOr<Before> Look(Possession possession, absl::Time now,
                              EtcdClient::Deadline deadline,
                              TokenRecord* record);
  // Whose the identifier of `record` is.
  absl::Status LookAtClientId(const TokenRecord& record,
                              EtcdClient::Deadline deadline, Before* before);
  // False: something has changed since `before`.
  absl::StatusOr<bool> Write(const TokenRecord& record, const Before& before,
                             absl::Time now, EtcdClient::Deadline deadline);
  // Whether another token may come.
  absl::Status CheckRoom(EtcdClient::Deadline deadline);
  absl::StatusOr<FoundRecord> Read(absl::string_view binding,
                                   EtcdClient::Deadline deadline);
  // The records, `limit` at most, to which keys with `prefix` lead, in their
  // order, of tokens of `issuer`, or where it is empty of any.
  absl::StatusOr<std::vector<TokenRecord>> FindNamed(
      const std::string& prefix, absl::string_view issuer, size_t limit,
      absl::Time now, EtcdClient::Deadline deadline);
  // What Put() says of `named_since`.
  absl::Status KeepNameOf(const Before& before, absl::Time now,
                          EtcdClient::Deadline deadline, TokenRecord* record);

  const std::shared_ptr<EtcdClient> client_;
  const TokenLimits limits_;
  WritePace pace_;
  const EtcdTokenKeys keys_;
  EtcdKeyCounter counter_;
  const EtcdTokenEvictor::Bounds bounds_;
  const int64_t most_;
  EtcdTokenEvictor evictor_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_TOKEN_STORE_H_
