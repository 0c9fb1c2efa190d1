#ifndef PROXY_SERVER_DECISION_TEE_H_
#define PROXY_SERVER_DECISION_TEE_H_

#include "proxy/session/decision.h"

namespace sluice::server {

// Tells decisions to two observers. Thread-safe as they are.
class DecisionTee final : public session::DecisionObserverInterface {
 public:
  // `first` may be null; both outlive this.
  DecisionTee(session::DecisionObserverInterface* first,
              session::DecisionObserverInterface* second)
      : first_(first), second_(*second) {}

  bool IsListening() const override {
    return first_ != nullptr || second_.IsListening();
  }
  void OnDecision(const session::Decision& decision) override {
    if (first_ != nullptr) first_->OnDecision(decision);
    second_.OnDecision(decision);
  }

 private:
  session::DecisionObserverInterface* const first_;
  session::DecisionObserverInterface& second_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_DECISION_TEE_H_
