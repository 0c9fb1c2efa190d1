#ifndef POLICY_STORE_ETCD_CLIENT_H_
#define POLICY_STORE_ETCD_CLIENT_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/store/etcd_options.h"
#include "proto/etcd/etcd.grpc.pb.h"

namespace sluice::policy {

// Calls of an etcd cluster's members. A call goes to a member that is
// connected; where none is, it waits for one, and it ends at its deadline in
// any case. What etcd could not do is kUnavailable, and then a change may have
// been made or not; that etcd is full is kResourceExhausted. While it does not
// answer, a few calls wait for it and all others fail at once. Thread-safe.
class EtcdClient {
 public:
  using Deadline = std::chrono::system_clock::time_point;

  explicit EtcdClient(EtcdOptions options);
  EtcdClient(const EtcdClient&) = delete;
  EtcdClient& operator=(const EtcdClient&) = delete;

  const EtcdOptions& options() const { return options_; }
  // Of the keys of `options`: "PREFIX/KIND/".
  std::string Prefix(absl::string_view kind) const;

  // For what begins now; not after the thread's CallDeadline.
  Deadline NewDeadline() const;

  // From now on ranges and transactions are only of the store whose `key` has
  // that value, and fail with kDataLoss in another, which etcd holds when it
  // was made anew. Before the client is shared.
  void PinStore(std::string key, std::string value);

  absl::StatusOr<etcdserverpb::RangeResponse> Range(
      const etcdserverpb::RangeRequest& request, Deadline deadline);
  absl::StatusOr<etcdserverpb::TxnResponse> Txn(
      const etcdserverpb::TxnRequest& request, Deadline deadline);

  // A lease for what nobody misses from `expires_at` on: 0, none, for the
  // infinite future. It lasts for a minute longer or two, so that etcd's clock
  // and ours may differ. Many keys share one.
  absl::StatusOr<int64_t> LeaseUntil(absl::Time expires_at, absl::Time now,
                                     Deadline deadline);
  // Txn() of what `make` makes with LeaseUntil(). Where etcd does not know the
  // lease any more, once again with a new one.
  absl::StatusOr<etcdserverpb::TxnResponse> TxnWithLease(
      absl::Time expires_at, absl::Time now, Deadline deadline,
      const std::function<etcdserverpb::TxnRequest(int64_t lease)>& make);

  using WatchStream = grpc::ClientReaderWriter<etcdserverpb::WatchRequest,
                                               etcdserverpb::WatchResponse>;
  // Opens a stream to a member that is connected; `context` outlives it.
  // `member` is for Leave().
  absl::StatusOr<std::unique_ptr<WatchStream>> Watch(
      grpc::ClientContext* context, size_t* member);
  // What goes to that member, which says nothing, goes to the next.
  void Leave(size_t member);

 private:
  struct Member {
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<etcdserverpb::KV::Stub> kv;
    std::unique_ptr<etcdserverpb::Lease::Stub> lease;
    std::unique_ptr<etcdserverpb::Watch::Stub> watch;
    std::unique_ptr<etcdserverpb::Auth::Stub> auth;
  };

  // Range() once a store is pinned.
  absl::StatusOr<etcdserverpb::RangeResponse> RangeOfStore(
      const etcdserverpb::RangeRequest& request, Deadline deadline);
  // Txn(), with `lease_missing` saying whether etcd does not know its lease.
  absl::StatusOr<etcdserverpb::TxnResponse> TxnOnce(
      etcdserverpb::TxnRequest request, Deadline deadline, bool* lease_missing);
  // What is wrong where it is another store; takes what PinStore() had asked.
  absl::Status CheckStore(etcdserverpb::TxnResponse* response) const;
  // A member that is connected, the one that was used last where it is.
  absl::StatusOr<Member*> Connected(Deadline deadline);
  // Whether a call that may have been made can be made again.
  enum class Repeat { kNo, kYes };
  // Whether etcd has said something to a call, if only that it does not do it.
  enum class Outcome { kAnswered, kUnanswered, kUnknown };
  // Has `call` called with a member and a context that has credentials.
  absl::Status Call(
      Deadline deadline, Repeat repeat,
      const std::function<grpc::Status(Member*, grpc::ClientContext*)>& call);
  absl::Status CallNow(
      Deadline deadline, Repeat repeat,
      const std::function<grpc::Status(Member*, grpc::ClientContext*)>& call,
      Outcome* outcome);
  // Whether a call may wait for etcd: while it does not answer, a few do. Each
  // that may calls EndCall() then.
  bool MayCall();
  void EndCall(Outcome outcome);
  grpc::Status Authorize(Member* member, Deadline deadline,
                         grpc::ClientContext* context);
  void ForgetToken();
  void ForgetLeases();

  const EtcdOptions options_;
  std::string store_key_;  // empty: any store
  std::string store_value_;
  std::vector<Member> members_;
  std::atomic<size_t> current_{0};
  std::mutex mutex_;
  int calls_ = 0;       // under way
  int unanswered_ = 0;  // one after the other, the latest
  std::string token_;   // of the user; empty: not logged in
  // Seconds since 1970, up to which it may be used, to a lease.
  std::map<int64_t, int64_t> leases_;
  // Seconds that the clock was ahead of the steady one when they were granted.
  int64_t lease_clock_offset_ = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_ETCD_CLIENT_H_
