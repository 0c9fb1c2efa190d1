#ifndef POLICY_SERVICE_DECISION_CALL_H_
#define POLICY_SERVICE_DECISION_CALL_H_

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "policy/service/authenticator.h"
#include "policy/service/call_pool.h"
#include "policy/service/checkers.h"
#include "policy/service/introspector.h"
#include "policy/service/jwks_fetcher.h"
#include "policy/service/reference_answers.h"
#include "proxy/base/clock.h"

namespace sluice::policy {

// Who decides. Replaced as a whole when the configuration changes.
struct Deciders {
  std::shared_ptr<const Authenticator> authenticator;
  // Null: there is nobody to ask about references.
  std::shared_ptr<Introspector> introspector;
  // Null: no issuer's keys can be read anew. When they have been, whoever owns
  // this has put others in its place.
  std::shared_ptr<JwksFetcher> jwks_fetcher;
  // Null: there are none. Else it outlives all calls.
  Checkers* checkers = nullptr;
};

// A question to the authenticator, which waits for nothing: it is put to it,
// and again each time that an authorization server has been asked about a
// reference, or an issuer's keys been read. Lives until it is answered.
class DecisionCall : public std::enable_shared_from_this<DecisionCall> {
 public:
  // How the authenticator is asked. A failure that leaves something wanted in
  // the ReferenceAnswers is one to be asked again after.
  using Ask = std::function<absl::Status(const Authenticator&, absl::Time,
                                         ReferenceAnswers*)>;
  // Called once, with the last failure or OK, on any thread, maybe before
  // Start() returns; `now` is when it was decided.
  using Done = std::function<void(const absl::Status&, const ReferenceAnswers&,
                                  absl::Time now)>;
  struct Options {
    // Who decides now. It, and `clock`, are called on any thread.
    std::function<Deciders()> deciders;
    Clock clock;
    // Of what is known of references.
    Introspector::Freshness freshness = Introspector::Freshness::kRemembered;
    // How often others may be asked.
    int max_questions;
    // Where the authenticator is asked again, since whoever answers is not to
    // wait for the store. Null: there.
    CallPool* pool = nullptr;
  };

  static void Start(Options options, Ask ask, Done done);

 private:
  DecisionCall(Options options, Ask ask, Done done);

  void Run();
  void RunAgain();
  // Asks what the authenticator wants to know, and runs again then. False where
  // it wants nothing that could be asked for.
  bool AskFirst();

  const Options options_;
  const Ask ask_;
  const Done done_;
  Deciders deciders_;
  ReferenceAnswers references_;
  int questions_ = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_DECISION_CALL_H_
