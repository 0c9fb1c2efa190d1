#ifndef POLICY_ADMIN_ACCESS_CALL_H_
#define POLICY_ADMIN_ACCESS_CALL_H_

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "policy/admin/access_case.h"
#include "policy/service/call_pool.h"
#include "policy/service/decision_call.h"
#include "policy/store/token_store.h"
#include "proto/sluice/admin/v1/access.pb.h"
#include "proxy/base/clock.h"

namespace sluice::policy {

// One question about access: looks at the tokens of the subject that are
// stored, asks authorization servers and checkers where it has to, and says
// what comes of it. Lives until it is answered.
class AccessCall : public std::enable_shared_from_this<AccessCall> {
 public:
  // Checkers are asked so many questions in one call; what is beyond counts as
  // denied.
  static constexpr size_t kMaxChecks = 256;

  using Response = admin::v1::ExplainAccessResponse;
  using Done = std::function<void(absl::StatusOr<Response>)>;
  struct Context {
    TokenStoreInterface* store;
    std::function<Deciders()> deciders;
    Clock clock;
    CallPool* pool;
  };

  // `query` has been checked. `done` is called once, on any thread, maybe
  // before this returns; with an error where the store fails. Waits for the
  // store.
  static void Start(const Context& context, const admin::v1::AccessQuery& query,
                    Done done);

 private:
  // A case in the making. Without a grant there is nothing to ask about it.
  struct Candidate {
    AccessCase access_case;
    std::optional<authz::Grant> grant;
  };
  struct Check {
    size_t candidate;
    v1::CheckRequest request;
    v1::CheckResponse answer;
  };

  AccessCall(const Context& context, const admin::v1::AccessQuery& query,
             Done done)
      : context_(context), query_(query), done_(std::move(done)) {}

  void Run();
  // Makes a candidate of each record anew. A failure names something that is to
  // be asked about first.
  absl::Status Judge(const Authenticator& authenticator, absl::Time now,
                     ReferenceAnswers* references);
  absl::Status JudgeToken(const Authenticator& authenticator,
                          const TokenRecord& record, absl::Time now,
                          ReferenceAnswers* references);
  // `token`: null for a client without one.
  void JudgeGrant(const Authenticator& authenticator,
                  const ace::VerifiedToken* token, Candidate candidate);
  // What a subject may do all the same; no case where that is nothing.
  void JudgeWithoutToken(const Authenticator& authenticator);
  void AskCheckers();
  void OnCheckAnswered();
  void Finish();
  v1::ConnectionInfo ConnectionFor(absl::string_view client_id) const;

  const Context context_;
  const admin::v1::AccessQuery query_;
  const Done done_;
  std::vector<TokenRecord> records_;
  bool truncated_ = false;  // the subject has more
  std::vector<Candidate> candidates_;
  std::vector<Check> checks_;
  std::atomic<size_t> unanswered_{0};
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_ACCESS_CALL_H_
