#ifndef POLICY_SERVICE_WATCH_STREAM_H_
#define POLICY_SERVICE_WATCH_STREAM_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/alarm.h"
#include "grpcpp/grpcpp.h"
#include "policy/service/replica.h"
#include "policy/service/watch_hub.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"

namespace sluice::policy {

// One proxy's call of Watch. One message at a time is on its way; the next is
// made when it is gone, so that a slow proxy holds one message and its place in
// the history, and skips what has been taken back meanwhile. Thread-safe.
class WatchStream final : public WatchHub::Reactor,
                          public std::enable_shared_from_this<WatchStream> {
 public:
  // Questions to the proxy that have no answer yet.
  static constexpr size_t kMaxQueries = 64;

  // Both outlive this.
  WatchStream(WatchHub* hub, const Replica* replica,
              WatchHub::MayGoOn may_go_on)
      : hub_(hub), replica_(replica), may_go_on_(std::move(may_go_on)) {}

  // Begins to listen to the proxy.
  void Start();
  // The replica has something new.
  void Wake();
  // Ends where it may not go on.
  void Recheck();
  void End(const grpc::Status& status);

  // As in WatchHub.
  void ListSessions(v1::SessionQuery query, absl::Duration timeout,
                    WatchHub::SessionsCallback done);
  absl::Status Disconnect(std::string session_id);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  struct Query {
    WatchHub::SessionsCallback done;
    std::unique_ptr<grpc::Alarm> alarm;
  };

  // What is wrong with the message; OK where all is well.
  grpc::Status Take();
  grpc::Status TakeStart(const v1::WatchStart& start);
  void TakeDecisions(const v1::DecisionBatch& batch);
  // Hands the query's outcome over, once.
  void Settle(uint64_t query_id, absl::StatusOr<v1::SessionList> outcome);
  // With mutex_ held: writes what is next, if nothing is being written.
  void Pump();
  // Calls `then` on one of gRPC's threads, unless the alarm is cancelled or
  // this is gone by then.
  std::unique_ptr<grpc::Alarm> After(absl::Duration delay,
                                     std::function<void(WatchStream*)> then);
  // With mutex_ held: an empty message in a while, and again from then on, so
  // that the proxy notices when the way to it leads nowhere.
  void ArmHeartbeat();
  void Beat();

  WatchHub* const hub_;
  const Replica* const replica_;
  const WatchHub::MayGoOn may_go_on_;
  v1::WatchRequest request_;
  std::string proxy_;  // once it has started; of the thread that reads

  std::mutex mutex_;
  bool started_ = false;  // the proxy has said who it is
  bool asked_for_decisions_ = false;
  bool ended_ = false;
  bool writing_ = false;
  v1::WatchResponse response_;  // while writing
  WatchCursor cursor_;
  std::deque<v1::WatchResponse> outbox_;  // what is not of the replica
  uint64_t last_query_id_ = 0;
  std::map<uint64_t, Query> queries_;
  std::unique_ptr<grpc::Alarm> heartbeat_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_WATCH_STREAM_H_
