#ifndef PROXY_TRANSPORT_PACED_VISIT_H_
#define PROXY_TRANSPORT_PACED_VISIT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "proxy/transport/connection_table.h"
#include "proxy/transport/deadline_timer.h"
#include "proxy/transport/event_loop.h"
#include "proxy/transport/visit_pace.h"

namespace sluice::transport {

// Adds `ids` to those that are to be visited, of which the last comes next: who
// waits already keeps its place before them.
void QueueVisits(std::vector<uint64_t> ids, std::vector<uint64_t>* to_visit);

// Does something to every connection of a loop, a few at a time, so that
// neither the loop nor whoever hears of it is flooded. On the loop's thread.
class PacedVisit final : private DeadlineTimer::HandlerInterface {
 public:
  // Between one few and the next.
  static constexpr absl::Duration kInterval = absl::Milliseconds(10);

  // May end the connection.
  using Visitor = void (*)(ClientConnection* connection);
  // Whether more may be visited now. Where not, it is one each kInterval.
  using Condition = std::function<bool()>;

  // Both outlive this.
  PacedVisit(
      EventLoop* loop, ConnectionTable* connections, Visitor visitor,
      Condition condition = [] { return true; })
      : loop_(loop),
        connections_(connections),
        visitor_(visitor),
        condition_(std::move(condition)),
        timer_(loop, this) {}

  // Visits the connections that there are now: `batch` of them at once, and as
  // many each kInterval, or fewer where that would keep the loop for long.
  // Those that still wait from the last time come first: however often there is
  // something new, each has its turn.
  void Start(size_t batch);
  // The same, at even intervals, so that the last has its turn after
  // `duration`.
  void StartOver(absl::Duration duration);
  // The clock was set.
  void OnClockSet(absl::Duration by) { timer_.Move(by); }

 private:
  // DeadlineTimer::HandlerInterface:
  void OnDeadline() override;

  void Begin(VisitPace pace);

  EventLoop* const loop_;
  ConnectionTable* const connections_;
  const Visitor visitor_;
  const Condition condition_;
  DeadlineTimer timer_;
  VisitPace pace_;
  uint64_t longest_turn_ = 0;       // nanoseconds
  std::vector<uint64_t> to_visit_;  // the next is the last
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_PACED_VISIT_H_
