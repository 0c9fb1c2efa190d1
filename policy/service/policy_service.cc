#include "policy/service/policy_service.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "policy/service/grpc_status.h"
#include "policy/service/reference_answers.h"
#include "proto/timestamp.h"

namespace sluice::policy {
namespace {

// A recheck is about what the authorization server says now.
Introspector::Freshness FreshnessFor(const v1::AuthenticateRequest& request) {
  return request.has_recheck() ? Introspector::Freshness::kNew
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

// One call: it is put to the authenticator, and again each time that a
// reference in it has been asked about, or an issuer's keys been read. Lives
// until it is answered; request and response are gRPC's, and live as long.
template <typename Request, typename Response>
class Call : public std::enable_shared_from_this<Call<Request, Response>> {
 public:
  using Ask = PolicyService::Ask<Request, Response>;

  // `service` outlives all calls.
  Call(Ask ask, const PolicyService* service, PolicyService::Clock clock,
       const Request* request, Response* response,
       grpc::ServerUnaryReactor* reactor)
      : ask_(ask),
        service_(service),
        deciders_(service->deciders()),
        clock_(std::move(clock)),
        request_(request),
        response_(response),
        reactor_(reactor),
        references_(/*can_ask=*/deciders_.introspector != nullptr) {}

  void Run() {
    const absl::Time now = clock_();
    absl::StatusOr<Response> answer =
        (*deciders_.authenticator.*ask_)(*request_, now, &references_);
    if (!answer.ok() && questions_ < kMaxQuestions && AskFirst()) return;
    if (answer.ok()) {
      *response_ = *std::move(answer);
      LimitByAnswers(references_, now, response_);
    }
    reactor_->Finish(ToGrpcStatus(answer.status()));
  }

 private:
  // The token of the request, one from the store, and the keys of an issuer.
  static constexpr int kMaxQuestions = 3;

  // Asks what the authenticator wants to know, and runs again then. False where
  // it wants nothing that could be asked for.
  bool AskFirst() {
    ++questions_;
    if (references_.wanted().has_value() && deciders_.introspector != nullptr) {
      deciders_.introspector->Resolve(
          *references_.wanted(), FreshnessFor(*request_),
          [self = this->shared_from_this()](ReferenceAnswers::Answer said) {
            self->references_.Add(std::move(said));
            self->Run();
          });
      return true;
    }
    if (references_.wanted_keys().has_value() &&
        deciders_.jwks_fetcher != nullptr) {
      deciders_.jwks_fetcher->ReadEarly(
          *references_.wanted_keys(), [self = this->shared_from_this()] {
            self->references_.AddKeys();
            self->deciders_ = self->service_->deciders();
            self->Run();
          });
      return true;
    }
    return false;
  }

  const Ask ask_;
  const PolicyService* const service_;
  Deciders deciders_;
  const PolicyService::Clock clock_;
  const Request* const request_;
  Response* const response_;
  grpc::ServerUnaryReactor* const reactor_;
  ReferenceAnswers references_;
  int questions_ = 0;
};

}  // namespace

PolicyService::PolicyService(Deciders deciders, const AccessControl* access,
                             WatchHub* hub, Clock clock)
    : access_(access),
      hub_(hub),
      clock_(std::move(clock)),
      deciders_(std::move(deciders)) {}

void PolicyService::SetDeciders(Deciders deciders) {
  std::lock_guard<std::mutex> lock(mutex_);
  std::swap(deciders_, deciders);
}

template <typename Request, typename Response>
grpc::ServerUnaryReactor* PolicyService::Decide(
    Ask<Request, Response> ask, grpc::CallbackServerContext* context,
    const Request* request, Response* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (grpc::Status s = access_->CheckProxy(*context); !s.ok()) {
    reactor->Finish(s);
    return reactor;
  }
  std::make_shared<Call<Request, Response>>(ask, this, clock_, request,
                                            response, reactor)
      ->Run();
  return reactor;
}

grpc::ServerUnaryReactor* PolicyService::Authenticate(
    grpc::CallbackServerContext* context,
    const v1::AuthenticateRequest* request,
    v1::AuthenticateResponse* response) {
  return Decide(&Authenticator::Authenticate, context, request, response);
}

grpc::ServerUnaryReactor* PolicyService::StoreToken(
    grpc::CallbackServerContext* context, const v1::StoreTokenRequest* request,
    v1::StoreTokenResponse* response) {
  return Decide(&Authenticator::StoreToken, context, request, response);
}

grpc::ServerUnaryReactor* PolicyService::GetPreSharedKey(
    grpc::CallbackServerContext* context,
    const v1::GetPreSharedKeyRequest* request,
    v1::GetPreSharedKeyResponse* response) {
  return Decide(&Authenticator::GetPreSharedKey, context, request, response);
}

grpc::ServerUnaryReactor* PolicyService::Check(
    grpc::CallbackServerContext* context, const v1::CheckRequest* request,
    v1::CheckResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (grpc::Status s = access_->CheckProxy(*context); !s.ok()) {
    reactor->Finish(s);
    return reactor;
  }
  Checkers* const checkers = deciders().checkers;
  if (checkers == nullptr) {
    response->set_reason("there are no checkers");
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
  checkers->Check(*request, [response, reactor](const v1::CheckResponse& said) {
    *response = said;
    reactor->Finish(grpc::Status::OK);
  });
  return reactor;
}

WatchHub::Reactor* PolicyService::Watch(grpc::CallbackServerContext* context) {
  const grpc::Status status = access_->CheckProxy(*context);
  return status.ok() ? hub_->Open() : WatchHub::Refuse(status);
}

Deciders PolicyService::deciders() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return deciders_;
}

}  // namespace sluice::policy
