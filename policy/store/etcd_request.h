#ifndef POLICY_STORE_ETCD_REQUEST_H_
#define POLICY_STORE_ETCD_REQUEST_H_

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "proto/etcd/etcd.pb.h"

namespace sluice::policy {

// Ranges: one key, and all that begin with `prefix`, which is not empty and
// does not end in 0xFF.
etcdserverpb::RangeRequest EtcdKey(absl::string_view key);
etcdserverpb::RangeRequest EtcdPrefix(absl::string_view prefix);
std::string EtcdPrefixEnd(absl::string_view prefix);
// The least key behind `key`.
std::string EtcdKeyAfter(absl::string_view key);
// Has `range` go on behind `page`, which is what it brought; false where there
// is no more.
bool NextPage(const etcdserverpb::RangeResponse& page,
              etcdserverpb::RangeRequest* range);
// How many keys begin with `prefix`.
etcdserverpb::RangeRequest EtcdCount(absl::string_view prefix);

// Add to a transaction. The answers come in the order of the operations.
void AddRange(const etcdserverpb::RangeRequest& range,
              etcdserverpb::TxnRequest* txn);
void AddPut(absl::string_view key, const std::string& value, int64_t lease,
            etcdserverpb::TxnRequest* txn);
void AddDelete(absl::string_view key, etcdserverpb::TxnRequest* txn);
// The transaction is for the case that the key was last written at `revision`;
// 0: there is none.
void AddCondition(absl::string_view key, int64_t revision,
                  etcdserverpb::TxnRequest* txn);
// The transaction is for the case that the key has that value.
void AddValueCondition(absl::string_view key, const std::string& value,
                       etcdserverpb::TxnRequest* txn);

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_REQUEST_H_
