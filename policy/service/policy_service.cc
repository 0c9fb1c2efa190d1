#include "policy/service/policy_service.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "policy/service/checkers.h"
#include "policy/service/grpc_status.h"
#include "policy/service/reference_answers.h"
#include "policy/store/call_deadline.h"
#include "proto/timestamp.h"

namespace sluice::policy {
namespace {

// A recheck that is due is about what the authorization server says now.
Introspector::Freshness FreshnessFor(const v1::AuthenticateRequest& request) {
  return request.has_recheck() && !request.recheck().remembered_answer_will_do()
             ? Introspector::Freshness::kNew
             : Introspector::Freshness::kRemembered;
}
Introspector::Freshness FreshnessFor(const v1::StoreTokenRequest&) {
  return Introspector::Freshness::kRemembered;
}
Introspector::Freshness FreshnessFor(const v1::GetPreSharedKeyRequest&) {
  return Introspector::Freshness::kRemembered;
}

// What was granted on an authorization server's word is granted for a while.
void LimitByAnswers(const ReferenceAnswers& references, absl::Time now,
                    v1::AuthenticateResponse* response) {
  if (!response->has_grant() ||
      references.recheck_at() == absl::InfiniteFuture()) {
    return;
  }
  const absl::Duration left =
      std::max(references.recheck_at() - now, absl::ZeroDuration());
  *response->mutable_grant()->mutable_recheck_after() = ToProtoDuration(left);
}
void LimitByAnswers(const ReferenceAnswers&, absl::Time,
                    v1::StoreTokenResponse*) {}
void LimitByAnswers(const ReferenceAnswers&, absl::Time,
                    v1::GetPreSharedKeyResponse*) {}

DecisionResult ResultOf(const v1::AuthenticateResponse& response) {
  if (response.has_grant()) return DecisionResult::kGranted;
  return response.has_denial() ? DecisionResult::kDenied
                               : DecisionResult::kContinued;
}
DecisionResult ResultOf(const v1::StoreTokenResponse& response) {
  if (response.has_stored()) return DecisionResult::kGranted;
  return response.has_denial() ? DecisionResult::kDenied
                               : DecisionResult::kContinued;
}
DecisionResult ResultOf(const v1::GetPreSharedKeyResponse& response) {
  return response.has_key() ? DecisionResult::kGranted
                            : DecisionResult::kDenied;
}

// Since it was made; does not follow the wall clock.
class Stopwatch {
 public:
  absl::Duration elapsed() const {
    return absl::FromChrono(std::chrono::steady_clock::now() - start_);
  }

 private:
  std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
};

// A call that waits for a checker, and ends with its answer or when its caller
// has gone, whichever comes first: a server that shuts down waits for it.
class CheckCall final : public grpc::ServerUnaryReactor {
 public:
  // What becomes of the call, before it ends.
  using Record = std::function<void(DecisionResult)>;

  CheckCall(v1::CheckResponse* response, Record record)
      : response_(response), record_(std::move(record)) {}

  // The callback for the checker's answer, which may come at any time.
  Checkers::Callback TakeAnswer() {
    return [self = self_](const v1::CheckResponse& said) {
      if (self->ended_.exchange(true)) return;
      *self->response_ = said;
      self->End(grpc::Status::OK, said.allowed() ? DecisionResult::kGranted
                                                 : DecisionResult::kDenied);
    };
  }

 private:
  void OnCancel() override {
    if (ended_.exchange(true)) return;
    End(grpc::Status::CANCELLED, DecisionResult::kError);
  }
  void OnDone() override { self_.reset(); }
  void End(const grpc::Status& status, DecisionResult result) {
    record_(result);
    Finish(status);
  }

  v1::CheckResponse* const response_;  // as long as it has not ended
  const Record record_;
  std::atomic<bool> ended_{false};
  std::shared_ptr<CheckCall> self_{this};  // until gRPC is done with it
};

// The token of the request, one from the store, and the keys of an issuer.
constexpr int kMaxQuestions = 3;

}  // namespace

PolicyService::PolicyService(Deciders deciders, const AccessControl* access,
                             WatchHub* hub, CallPool* pool, Clock clock)
    : access_(access),
      hub_(hub),
      pool_(pool),
      clock_(std::move(clock)),
      deciders_(std::move(deciders)) {}

void PolicyService::SetDeciders(Deciders deciders) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::swap(deciders_, deciders);
}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* PolicyService::Decide(
    DecisionKind kind, const grpc::Status& may, Ask<Request, Response> ask,
    grpc::CallbackServerContext* context, const Request* request,
    Response* response) {
  return pool_->React(
      context, may,
      [this, kind, ask, context, request, response,
       since = Stopwatch()](grpc::ServerUnaryReactor* reactor) {
        DecisionCall::Start(
            {[this] { return deciders(); }, clock_, FreshnessFor(*request),
             kMaxQuestions, pool_},
            [ask, request, response, deadline = StoreDeadlineOf(*context)](
                const Authenticator& authenticator, absl::Time now,
                ReferenceAnswers* references) {
              const CallDeadline call_deadline(deadline);
              absl::StatusOr<Response> answer =
                  (authenticator.*ask)(*request, now, references);
              if (answer.ok()) *response = *std::move(answer);
              return answer.status();
            },
            [this, kind, since, response, reactor](
                const absl::Status& status, const ReferenceAnswers& references,
                absl::Time now) {
              if (status.ok()) LimitByAnswers(references, now, response);
              stats_.Add(
                  kind,
                  status.ok() ? ResultOf(*response) : DecisionResult::kError,
                  since.elapsed());
              reactor->Finish(ToGrpcStatus(status));
            });
      });
}

grpc::ServerUnaryReactor* PolicyService::Authenticate(
    grpc::CallbackServerContext* context,
    const v1::AuthenticateRequest* request,
    v1::AuthenticateResponse* response) {
  return Decide(DecisionKind::kAuthenticate, access_->CheckProxy(*context),
                &Authenticator::Authenticate, context, request, response);
}

grpc::ServerUnaryReactor* PolicyService::StoreToken(
    grpc::CallbackServerContext* context, const v1::StoreTokenRequest* request,
    v1::StoreTokenResponse* response) {
  return Decide(DecisionKind::kStoreToken, access_->CheckProxy(*context),
                &Authenticator::StoreToken, context, request, response);
}

grpc::ServerUnaryReactor* PolicyService::GetPreSharedKey(
    grpc::CallbackServerContext* context,
    const v1::GetPreSharedKeyRequest* request,
    v1::GetPreSharedKeyResponse* response) {
  return Decide(DecisionKind::kPreSharedKey,
                access_->CheckProxyForSecrets(NamesOf(*context)),
                &Authenticator::GetPreSharedKey, context, request, response);
}

grpc::ServerUnaryReactor* PolicyService::Check(
    grpc::CallbackServerContext* context, const v1::CheckRequest* request,
    v1::CheckResponse* response) {
  const grpc::Status may = access_->CheckProxy(*context);
  Checkers* const checkers = deciders().checkers;
  if (!may.ok() || checkers == nullptr) {
    if (may.ok()) response->set_reason("there are no checkers");
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(may);
    return reactor;
  }
  auto* const call = new CheckCall(
      response, [this, since = Stopwatch()](DecisionResult result) {
        stats_.Add(DecisionKind::kCheck, result, since.elapsed());
      });
  checkers->Check(*request, call->TakeAnswer());
  return call;
}

WatchHub::Reactor* PolicyService::Watch(grpc::CallbackServerContext* context) {
  CallerNames caller = NamesOf(*context);
  const grpc::Status status = access_->CheckProxy(caller);
  if (!status.ok()) return WatchHub::Refuse(status);
  return hub_->Open([access = access_, caller = std::move(caller)] {
    return access->CheckProxy(caller);
  });
}

Deciders PolicyService::deciders() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return deciders_;
}

}  // namespace sluice::policy
