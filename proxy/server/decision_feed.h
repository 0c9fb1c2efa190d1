#ifndef PROXY_SERVER_DECISION_FEED_H_
#define PROXY_SERVER_DECISION_FEED_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/policy_client/decision_source_interface.h"
#include "proxy/session/decision.h"

namespace sluice::server {

// Decisions on their way from the event loops to those who watch them at the
// policy service. While nobody does, it keeps nothing. Where there is no room
// for all, those that were allowed are the first to be dropped. Thread-safe.
class DecisionFeed final : public session::DecisionObserverInterface,
                           public policy_client::DecisionSourceInterface {
 public:
  static constexpr size_t kDefaultCapacity = 1024 * 1024;

  // `capacity`: bytes of the decisions, as messages.
  explicit DecisionFeed(size_t capacity = kDefaultCapacity)
      : capacity_(capacity) {}
  DecisionFeed(const DecisionFeed&) = delete;
  DecisionFeed& operator=(const DecisionFeed&) = delete;

  // DecisionObserverInterface:
  bool IsListening() const override {
    return open_.load(std::memory_order_relaxed);
  }
  void OnDecision(const session::Decision& decision) override;

  // DecisionSourceInterface:
  void Open(std::function<void()> on_decisions) override;
  void Close() override;
  bool Take(size_t max_bytes, policy::v1::DecisionBatch* batch) override;

 private:
  struct Kept {
    policy::v1::Decision decision;
    size_t bytes;
  };

  const size_t capacity_;
  std::atomic<bool> open_{false};
  std::mutex mutex_;
  // Null while closed.
  std::shared_ptr<const std::function<void()>> on_decisions_;
  // The last Take() found nothing, and on_decisions_ has not been called since.
  bool idle_ = false;
  std::deque<Kept> kept_;
  size_t bytes_ = 0;  // of kept_
  uint64_t dropped_ = 0;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_DECISION_FEED_H_
