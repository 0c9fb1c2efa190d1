#include "policy/store/etcd_request.h"

namespace sluice::policy {

using etcdserverpb::Compare;
using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;
using etcdserverpb::TxnRequest;

RangeRequest EtcdKey(absl::string_view key) {
  RangeRequest range;
  range.set_key(std::string(key));
  return range;
}

RangeRequest EtcdPrefix(absl::string_view prefix) {
  RangeRequest range = EtcdKey(prefix);
  range.set_range_end(EtcdPrefixEnd(prefix));
  return range;
}

std::string EtcdPrefixEnd(absl::string_view prefix) {
  std::string end(prefix);
  end.back() = static_cast<char>(static_cast<unsigned char>(end.back()) + 1);
  return end;
}

std::string EtcdKeyAfter(absl::string_view key) {
  std::string after(key);
  after += '\0';
  return after;
}

bool NextPage(const RangeResponse& page, RangeRequest* range) {
  if (!page.more()) return false;
  range->set_key(EtcdKeyAfter(page.kvs(page.kvs_size() - 1).key()));
  return true;
}

RangeRequest EtcdCount(absl::string_view prefix) {
  RangeRequest range = EtcdPrefix(prefix);
  range.set_count_only(true);
  return range;
}

void AddRange(const RangeRequest& range, TxnRequest* txn) {
  *txn->add_success()->mutable_request_range() = range;
}

void AddPut(absl::string_view key, const std::string& value, int64_t lease,
            TxnRequest* txn) {
  auto* put = txn->add_success()->mutable_request_put();
  put->set_key(std::string(key));
  put->set_value(value);
  put->set_lease(lease);
}

void AddDelete(absl::string_view key, TxnRequest* txn) {
  txn->add_success()->mutable_request_delete_range()->set_key(std::string(key));
}

void AddCondition(absl::string_view key, int64_t revision, TxnRequest* txn) {
  Compare* compare = txn->add_compare();
  compare->set_key(std::string(key));
  compare->set_target(Compare::MOD);
  compare->set_result(Compare::EQUAL);
  compare->set_mod_revision(revision);
}

void AddValueCondition(absl::string_view key, const std::string& value,
                       TxnRequest* txn) {
  Compare* compare = txn->add_compare();
  compare->set_key(std::string(key));
  compare->set_target(Compare::VALUE);
  compare->set_result(Compare::EQUAL);
  compare->set_value(value);
}

}  // namespace sluice::policy
