#include "policy/admin/session_listing.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/protocol_version.h"

namespace sluice::policy {
namespace {

// What a proxy is asked for at once.
constexpr size_t kMaxSessionsPerAnswer = 100;

// The listing's name for page tokens.
std::string ListingOf(const admin::v1::ListSessionsRequest& request) {
  return absl::StrCat("sessions ", request.subject().size(), ":",
                      request.subject(), request.client_id());
}

}  // namespace

admin::v1::Session ShowSession(absl::string_view proxy,
                               const v1::SessionInfo& info) {
  admin::v1::Session session;
  session.set_name(
      absl::StrCat("proxies/", proxy, "/sessions/", info.session_id()));
  session.set_listener(info.listener());
  session.set_client_address(info.client_address());
  session.set_client_id(info.client_id());
  session.set_protocol_version(
      std::string(ProtocolVersionName(info.protocol_version())));
  if (info.has_connected_at()) {
    *session.mutable_connect_time() = info.connected_at();
  }
  session.set_subject(info.subject());
  session.set_issuer(info.issuer());
  session.set_token_id(info.token_id());
  *session.mutable_key_ids() = info.key_ids();
  if (info.has_expires_at()) {
    *session.mutable_expire_time() = info.expires_at();
  }
  return session;
}

void SessionListing::Start(WatchHub* hub, absl::Duration answer_timeout,
                           const admin::v1::ListSessionsRequest& request,
                           admin::v1::ListSessionsResponse* response,
                           grpc::ServerUnaryReactor* reactor) {
  PageBounds bounds;
  const grpc::Status status = ReadPage(ListingOf(request), request.page_size(),
                                       request.page_token(), &bounds);
  if (!status.ok()) {
    reactor->Finish(status);
    return;
  }
  const std::shared_ptr<SessionListing> listing(new SessionListing(
      hub, answer_timeout, request, bounds.size, response, reactor));
  if (!bounds.after.empty()) listing->Resume(bounds.after);
  listing->Run();
}

SessionListing::SessionListing(WatchHub* hub, absl::Duration answer_timeout,
                               const admin::v1::ListSessionsRequest& request,
                               size_t page_size,
                               admin::v1::ListSessionsResponse* response,
                               grpc::ServerUnaryReactor* reactor)
    : hub_(hub),
      answer_timeout_(answer_timeout),
      listing_(ListingOf(request)),
      room_(page_size),
      proxies_(hub->proxies()),
      response_(response),
      reactor_(reactor) {
  query_.set_subject(request.subject());
  query_.set_client_id(request.client_id());
}

void SessionListing::Resume(absl::string_view last) {
  const size_t slash = last.find('/');
  const absl::string_view proxy = last.substr(0, slash);
  proxy_ = std::lower_bound(proxies_.begin(), proxies_.end(), proxy) -
           proxies_.begin();
  if (proxy_ < proxies_.size() && proxies_[proxy_] == proxy) {
    query_.set_after_session_id(std::string(last.substr(slash + 1)));
  }
}

void SessionListing::Run() {
  if (proxy_ == proxies_.size()) {
    reactor_->Finish(grpc::Status::OK);
    return;
  }
  query_.set_limit(std::min(room_.items(), kMaxSessionsPerAnswer));
  hub_->ListSessions(proxies_[proxy_], query_, answer_timeout_,
                     [self = shared_from_this()](
                         const absl::StatusOr<v1::SessionList>& answer) {
                       self->OnAnswer(answer);
                     });
}

void SessionListing::OnAnswer(const absl::StatusOr<v1::SessionList>& answer) {
  if (!answer.ok() && !absl::IsNotFound(answer.status())) {
    SkipProxy();
    return;
  }
  const Rest rest = answer.ok() ? Take(*answer) : Rest::kNone;
  if (rest == Rest::kOutOfOrder) {
    SkipProxy();
    return;
  }
  const std::string last =
      absl::StrCat(proxies_[proxy_], "/", query_.after_session_id());
  if (rest == Rest::kNone) {
    ++proxy_;
    query_.clear_after_session_id();
  }
  if (!room_.is_full()) {
    Run();
    return;
  }
  if (proxy_ < proxies_.size()) {
    response_->set_next_page_token(MakePageToken(listing_, last));
  }
  reactor_->Finish(grpc::Status::OK);
}

void SessionListing::SkipProxy() {
  response_->add_unanswered_proxies(proxies_[proxy_]);
  if (++proxy_ < proxies_.size()) {
    response_->set_next_page_token(
        MakePageToken(listing_, absl::StrCat(proxies_[proxy_], "/")));
  }
  reactor_->Finish(grpc::Status::OK);
}

SessionListing::Rest SessionListing::Take(const v1::SessionList& answer) {
  const int wanted =
      std::min(answer.sessions_size(), static_cast<int>(query_.limit()));
  int taken = 0;
  while (taken < wanted && !room_.is_full()) {
    const v1::SessionInfo& info = answer.sessions(taken++);
    if (info.session_id() <= query_.after_session_id()) {
      return Rest::kOutOfOrder;
    }
    query_.set_after_session_id(info.session_id());
    admin::v1::Session* session = response_->add_sessions();
    *session = ShowSession(proxies_[proxy_], info);
    room_.Take(session->ByteSizeLong());
  }
  if (taken == 0) return Rest::kNone;
  return answer.more() || taken < wanted ||
                 taken == static_cast<int>(query_.limit())
             ? Rest::kSome
             : Rest::kNone;
}

}  // namespace sluice::policy
