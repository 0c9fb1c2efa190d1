#ifndef POLICY_SERVICE_REFUSAL_H_
#define POLICY_SERVICE_REFUSAL_H_

#include "grpcpp/grpcpp.h"

namespace sluice::policy {

// The reaction to a streaming call that is refused: ends it with `status`.
// Deletes itself when gRPC is done with it.
template <typename Reactor>
class Refusal final : public Reactor {
 public:
  explicit Refusal(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_REFUSAL_H_
