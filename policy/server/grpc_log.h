#ifndef POLICY_SERVER_GRPC_LOG_H_
#define POLICY_SERVER_GRPC_LOG_H_

#include "proxy/base/log.h"

namespace sluice::policy {

// While it lives, what gRPC has to say itself (a failed TLS handshake, say) are
// events "grpc" of `log`, which outlives this, instead of lines on standard
// error in a format of their own. At most one a process.
class ScopedGrpcLog {
 public:
  explicit ScopedGrpcLog(Logger* log);
  ~ScopedGrpcLog();
  ScopedGrpcLog(const ScopedGrpcLog&) = delete;
  ScopedGrpcLog& operator=(const ScopedGrpcLog&) = delete;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_GRPC_LOG_H_
