#ifndef POLICY_ADMIN_SESSION_LISTING_H_
#define POLICY_ADMIN_SESSION_LISTING_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "grpcpp/grpcpp.h"
#include "policy/admin/page_token.h"
#include "policy/service/watch_hub.h"
#include "proto/sluice/admin/v1/session.pb.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

// What operators see of a session of `proxy`.
admin::v1::Session ShowSession(absl::string_view proxy,
                               const v1::SessionInfo& info);

// One call of ListSessions: asks one proxy after the other until the page is
// full. Lives until it is answered.
class SessionListing : public std::enable_shared_from_this<SessionListing> {
 public:
  // A proxy has `answer_timeout` to answer. `hub` and what is of the call live
  // until `reactor` is finished, maybe before this returns.
  static void Start(WatchHub* hub, absl::Duration answer_timeout,
                    const admin::v1::ListSessionsRequest& request,
                    admin::v1::ListSessionsResponse* response,
                    grpc::ServerUnaryReactor* reactor);

 private:
  SessionListing(WatchHub* hub, absl::Duration answer_timeout,
                 const admin::v1::ListSessionsRequest& request,
                 size_t page_size, admin::v1::ListSessionsResponse* response,
                 grpc::ServerUnaryReactor* reactor);

  // Goes on after `last`, what the page before ended with.
  void Resume(absl::string_view last);
  void Run();
  void OnAnswer(const absl::StatusOr<v1::SessionList>& answer);
  // Ends the page, so that a caller waits for one such proxy at a time.
  void SkipProxy();

  // What the proxy may have yet. Out of order it could repeat itself for good,
  // and no other would have its turn.
  enum class Rest { kSome, kNone, kOutOfOrder };
  Rest Take(const v1::SessionList& answer);

  WatchHub* const hub_;
  const absl::Duration answer_timeout_;
  const std::string listing_;  // its name for page tokens
  PageRoom room_;
  const std::vector<std::string> proxies_;
  admin::v1::ListSessionsResponse* const response_;
  grpc::ServerUnaryReactor* const reactor_;
  v1::SessionQuery query_;
  size_t proxy_ = 0;  // whose turn it is
};

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_SESSION_LISTING_H_
