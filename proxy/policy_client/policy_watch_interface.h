#ifndef PROXY_POLICY_CLIENT_POLICY_WATCH_INTERFACE_H_
#define PROXY_POLICY_CLIENT_POLICY_WATCH_INTERFACE_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy_client {

// What has changed among the revocations: first `deleted` goes, then `added`
// comes. A snapshot's `added` is all there is, in place of what was known.
struct RevocationUpdate {
  bool is_snapshot = false;
  std::vector<policy::v1::Revocation> added;
  std::vector<std::string> deleted;
};

// Hears what the policy service pushes (policy.v1.PolicyService.Watch). Calls
// come one after the other, from any thread, and must not block.
class WatchObserverInterface {
 public:
  using SessionsCallback =
      absl::AnyInvocable<void(std::vector<policy::v1::SessionInfo>)>;

  virtual ~WatchObserverInterface() = default;

  virtual void OnRevocations(
      std::shared_ptr<const RevocationUpdate> update) = 0;
  virtual void OnPolicyVersion(const std::string& version) = 0;
  // `done` is called once, on any thread, or destroyed.
  virtual void OnListSessions(const policy::v1::SessionQuery& query,
                              SessionsCallback done) = 0;
  virtual void OnDisconnectSessions(std::vector<std::string> session_ids) = 0;

  // The service is listened to, and what has been told so far is all that there
  // is; or the stream has ended. Each is told once for each change; it starts
  // out as ended. The end of the watch itself is not told.
  virtual void OnWatchBegun() = 0;
  // `reason` is for the log.
  virtual void OnWatchEnded(const std::string& reason) = 0;
  // The service has been away, after OnWatchEnded() or from the start on, for
  // as long as the watch was told to bear with. Once for each time that it
  // goes. `reason`, for the log, is why the last attempt failed, if one has.
  virtual void OnWatchLost(const std::string& reason) = 0;
  // Why the service, which is there, decides nothing at the moment; empty where
  // it does, as at the start. Holds until the next, which may be told before
  // OnWatchBegun(): beyond OnWatchEnded(), since a service that was restarted
  // is expected to decide no more than before, until it says so.
  virtual void OnServiceState(const std::string& problem) = 0;
};

}  // namespace sluice::policy_client

#endif  // PROXY_POLICY_CLIENT_POLICY_WATCH_INTERFACE_H_
