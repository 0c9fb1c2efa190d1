#ifndef POLICY_SERVER_GRPC_LOG_H_
#define POLICY_SERVER_GRPC_LOG_H_

#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "proxy/base/log.h"

namespace sluice::policy {

// While it lives, what gRPC has to say itself (a failed TLS handshake, say),
// and Protocol Buffers below it (a message that is not UTF-8), are events
// "grpc" of `log`, which outlives this, instead of lines on standard error in
// formats of their own; as a LimitedEvent, since whoever reaches a port can
// cause them. At most one a process; made and ended while no other thread uses
// the two.
class ScopedGrpcLog {
 public:
  explicit ScopedGrpcLog(Logger* log, absl::Time (*now)() = absl::Now);
  ~ScopedGrpcLog();
  ScopedGrpcLog(const ScopedGrpcLog&) = delete;
  ScopedGrpcLog& operator=(const ScopedGrpcLog&) = delete;

  // Lines that this process left out, as there were too many.
  static uint64_t suppressed();
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_GRPC_LOG_H_
