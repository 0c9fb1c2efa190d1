#ifndef POLICY_SERVER_GRPC_LOG_H_
#define POLICY_SERVER_GRPC_LOG_H_

#include <cstdint>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "proxy/base/log.h"

namespace sluice::policy {

// While it lives, what gRPC has to say itself (a failed TLS handshake, say) are
// events "grpc" of `log`, which outlives this, instead of lines on standard
// error in a format of their own; as a LimitedEvent, since whoever reaches a
// port can cause them. At most one a process.
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
