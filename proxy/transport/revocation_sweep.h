#ifndef PROXY_TRANSPORT_REVOCATION_SWEEP_H_
#define PROXY_TRANSPORT_REVOCATION_SWEEP_H_

#include "absl/time/time.h"
#include "policy/revocation/revocation_set.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/transport/connection_table.h"
#include "proxy/transport/deadline_timer.h"
#include "proxy/transport/event_loop.h"

namespace sluice::transport {

// Ends the sessions that new revocations are about (ACE-EXP-4). All sessions of
// a loop are looked at for it, so that those which come one after the other are
// looked for together. On the loop's thread.
class RevocationSweep final : private DeadlineTimer::HandlerInterface {
 public:
  // From the end of one sweep until the next at least. A revocation waits no
  // longer than that for its sweep to begin.
  static constexpr absl::Duration kInterval = absl::Milliseconds(20);

  // Both outlive this.
  RevocationSweep(EventLoop* loop, ConnectionTable* connections)
      : loop_(loop), connections_(connections), timer_(loop, this) {}

  // Looks for sessions that `revocation` hits, soon.
  void Add(const policy::v1::Revocation& revocation);
  // The clock was set.
  void OnClockSet(absl::Duration by);

 private:
  // DeadlineTimer::HandlerInterface:
  void OnDeadline() override;

  EventLoop* const loop_;
  ConnectionTable* const connections_;
  DeadlineTimer timer_;
  policy::RevocationSet added_;  // since the last sweep
  absl::Time last_ = absl::InfinitePast();
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_REVOCATION_SWEEP_H_
