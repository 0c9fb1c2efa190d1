#include "policy/service/decision_call.h"

#include <utility>

namespace sluice::policy {

void DecisionCall::Start(Options options, Ask ask, Done done) {
  const std::shared_ptr<DecisionCall> call(
      new DecisionCall(std::move(options), std::move(ask), std::move(done)));
  call->Run();
}

DecisionCall::DecisionCall(Options options, Ask ask, Done done)
    : options_(std::move(options)),
      ask_(std::move(ask)),
      done_(std::move(done)),
      deciders_(options_.deciders()),
      references_(/*can_ask=*/deciders_.introspector != nullptr) {}

void DecisionCall::Run() {
  const absl::Time now = options_.clock();
  const absl::Status status = ask_(*deciders_.authenticator, now, &references_);
  if (!status.ok() && questions_ < options_.max_questions && AskFirst()) return;
  done_(status, references_, now);
}

void DecisionCall::RunAgain() {
  if (options_.pool == nullptr) {
    Run();
    return;
  }
  options_.pool->Resume([self = shared_from_this()] { self->Run(); });
}

bool DecisionCall::AskFirst() {
  ++questions_;
  if (references_.wanted().has_value() && deciders_.introspector != nullptr) {
    deciders_.introspector->Resolve(
        *references_.wanted(), options_.freshness,
        [self = shared_from_this()](ReferenceAnswers::Answer said) {
          self->references_.Add(std::move(said));
          self->RunAgain();
        });
    return true;
  }
  if (references_.wanted_keys().has_value() &&
      deciders_.jwks_fetcher != nullptr) {
    deciders_.jwks_fetcher->ReadEarly(
        *references_.wanted_keys(), [self = shared_from_this()] {
          self->references_.AddKeys();
          self->deciders_ = self->options_.deciders();
          self->RunAgain();
        });
    return true;
  }
  return false;
}

}  // namespace sluice::policy
