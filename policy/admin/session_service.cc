#include "policy/admin/session_service.h"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/admin/errors.h"
#include "policy/admin/page_token.h"
#include "policy/admin/resource_name.h"
#include "policy/service/grpc_status.h"
#include "proto/protocol_version.h"

namespace sluice::policy {
namespace {

// What a proxy is asked for at once.
constexpr size_t kMaxSessionsPerAnswer = 100;
constexpr char kNameRule[] = "expected \"proxies/PROXY/sessions/ID\"";

std::string NameOf(absl::string_view proxy, absl::string_view id) {
  return absl::StrCat("proxies/", proxy, "/sessions/", id);
}

admin::v1::Session ToSession(absl::string_view proxy,
                             const v1::SessionInfo& info) {
  admin::v1::Session session;
  session.set_name(NameOf(proxy, info.session_id()));
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

grpc::Status AboutProxy(absl::string_view proxy, const absl::Status& status) {
  return ToGrpcStatus(absl::Status(
      status.code(), absl::StrCat("proxy ", proxy, ": ", status.message())));
}

// A listing's name for page tokens.
std::string ListingOf(const admin::v1::ListSessionsRequest& request) {
  return absl::StrCat("sessions ", request.subject().size(), ":",
                      request.subject(), request.client_id());
}

// One call of ListSessions: asks one proxy after the other until the page is
// full. Lives until it is answered.
class Listing : public std::enable_shared_from_this<Listing> {
 public:
  Listing(WatchHub* hub, absl::Duration answer_timeout,
          const admin::v1::ListSessionsRequest& request,
          admin::v1::ListSessionsResponse* response,
          grpc::ServerUnaryReactor* reactor)
      : hub_(hub),
        answer_timeout_(answer_timeout),
        listing_(ListingOf(request)),
        room_(PageSize(request.page_size())),
        proxies_(hub->proxies()),
        response_(response),
        reactor_(reactor) {
    query_.set_subject(request.subject());
    query_.set_client_id(request.client_id());
  }

  // Goes on after that session.
  void Resume(const SessionName& last) {
    proxy_ = std::lower_bound(proxies_.begin(), proxies_.end(), last.proxy) -
             proxies_.begin();
    if (proxy_ < proxies_.size() && proxies_[proxy_] == last.proxy) {
      query_.set_after_session_id(std::string(last.id));
    }
  }

  void Run() {
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

 private:
  void OnAnswer(const absl::StatusOr<v1::SessionList>& answer) {
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

  // Ends the page, so that a caller waits for one such proxy at a time.
  void SkipProxy() {
    response_->add_unanswered_proxies(proxies_[proxy_]);
    if (++proxy_ < proxies_.size()) {
      response_->set_next_page_token(
          MakePageToken(listing_, absl::StrCat(proxies_[proxy_], "/")));
    }
    reactor_->Finish(grpc::Status::OK);
  }

  // What the proxy may have yet. Out of order it could repeat itself for good,
  // and no other would have its turn.
  enum class Rest { kSome, kNone, kOutOfOrder };

  Rest Take(const v1::SessionList& answer) {
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
      *session = ToSession(proxies_[proxy_], info);
      room_.Take(session->ByteSizeLong());
    }
    if (taken == 0) return Rest::kNone;
    return answer.more() || taken < wanted ||
                   taken == static_cast<int>(query_.limit())
               ? Rest::kSome
               : Rest::kNone;
  }

  WatchHub* const hub_;
  const absl::Duration answer_timeout_;
  const std::string listing_;
  PageRoom room_;
  const std::vector<std::string> proxies_;
  admin::v1::ListSessionsResponse* const response_;
  grpc::ServerUnaryReactor* const reactor_;
  v1::SessionQuery query_;
  size_t proxy_ = 0;  // whose turn it is
};

// Finds the session of that name, and calls `then` with it or finishes the
// call.
void FindSession(WatchHub* hub, absl::Duration answer_timeout,
                 const std::string& name, grpc::ServerUnaryReactor* reactor,
                 std::function<void(const v1::SessionInfo&)> then) {
  const std::optional<SessionName> parts = ReadSessionName(name);
  if (!parts.has_value()) {
    reactor->Finish(FieldError("name", kNameRule));
    return;
  }
  v1::SessionQuery query;
  query.set_session_id(std::string(parts->id));
  query.set_limit(1);
  hub->ListSessions(
      parts->proxy, std::move(query), answer_timeout,
      [name, reactor, proxy = std::string(parts->proxy),
       then = std::move(then)](const absl::StatusOr<v1::SessionList>& answer) {
        if (!answer.ok() && !absl::IsNotFound(answer.status())) {
          reactor->Finish(AboutProxy(proxy, answer.status()));
        } else if (!answer.ok() || answer->sessions().empty()) {
          reactor->Finish(NoSuchResource(name));
        } else {
          then(answer->sessions(0));
        }
      });
}

}  // namespace

grpc::ServerUnaryReactor* SessionService::ListSessions(
    grpc::CallbackServerContext* context,
    const admin::v1::ListSessionsRequest* request,
    admin::v1::ListSessionsResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  grpc::Status status = access_->CheckOperator(*context);
  PageBounds bounds;
  if (status.ok()) {
    status = ReadPage(ListingOf(*request), request->page_size(),
                      request->page_token(), &bounds);
  }
  std::optional<SessionName> last;
  if (const absl::string_view after = bounds.after; !after.empty()) {
    const size_t slash = after.find('/');
    last = SessionName{after.substr(0, slash), after.substr(slash + 1)};
  }
  if (!status.ok()) {
    reactor->Finish(status);
    return reactor;
  }
  const auto listing = std::make_shared<Listing>(hub_, answer_timeout_,
                                                 *request, response, reactor);
  if (last.has_value()) listing->Resume(*last);
  listing->Run();
  return reactor;
}

grpc::ServerUnaryReactor* SessionService::GetSession(
    grpc::CallbackServerContext* context,
    const admin::v1::GetSessionRequest* request, admin::v1::Session* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (grpc::Status s = access_->CheckOperator(*context); !s.ok()) {
    reactor->Finish(s);
    return reactor;
  }
  FindSession(hub_, answer_timeout_, request->name(), reactor,
              [request, response, reactor](const v1::SessionInfo& info) {
                *response =
                    ToSession(ReadSessionName(request->name())->proxy, info);
                reactor->Finish(grpc::Status::OK);
              });
  return reactor;
}

grpc::ServerUnaryReactor* SessionService::DisconnectSession(
    grpc::CallbackServerContext* context,
    const admin::v1::DisconnectSessionRequest* request,
    google::protobuf::Empty*) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const ChangeCall call(*context, "DisconnectSession", request->name());
  if (grpc::Status s = access_->CheckOperator(*context); !s.ok()) {
    changes_.Record(call, s);
    reactor->Finish(s);
    return reactor;
  }
  FindSession(
      hub_, answer_timeout_, request->name(), reactor,
      [this, call, request, reactor](const v1::SessionInfo& info) {
        const grpc::Status status = ToGrpcStatus(hub_->Disconnect(
            ReadSessionName(request->name())->proxy, info.session_id()));
        changes_.Record(call, status);
        reactor->Finish(status);
      });
  return reactor;
}

}  // namespace sluice::policy
