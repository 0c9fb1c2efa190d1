#include "proxy/server/policy_follower.h"

#include <unistd.h>

#include <random>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"

namespace sluice::server {

std::string NewProxyName() {
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  std::string name = host;
  for (char& c : name) {
    if (!absl::ascii_isalnum(static_cast<unsigned char>(c)) && c != '.') {
      c = '-';
    }
  }
  return absl::StrFormat("%s-%08x", name, std::random_device()());
}

void PolicyFollower::OnRevocations(
    std::shared_ptr<const policy_client::RevocationUpdate> update) {
  stats_.revocations += update->added.size();
  pool_.ApplyRevocations(update);
}

void PolicyFollower::OnPolicyVersion(const std::string& version) {
  pool_.SetPolicyVersion(version);
}

void PolicyFollower::OnListSessions(const policy::v1::SessionQuery& query,
                                    SessionsCallback done) {
  pool_.ListSessions(query, std::move(done));
}

void PolicyFollower::OnDisconnectSessions(
    std::vector<std::string> session_ids) {
  pool_.DisconnectSessions(std::move(session_ids));
}

void PolicyFollower::OnWatchBegun() {
  stats_.watching = true;
  following_ = true;
  pool_.SetPolicyFollowed(true);
  logger_.Info("policy_watch_begun");
  if (!first_watch_.HasBeenNotified()) first_watch_.Notify();
}

void PolicyFollower::OnWatchEnded(const std::string& reason) {
  stats_.watching = false;
  logger_.Warning(
      "policy_watch_ended",
      {{"detail", reason.empty() ? "the policy service ended it" : reason}});
}

void PolicyFollower::OnWatchLost(const std::string& reason) {
  following_ = false;
  pool_.SetPolicyFollowed(false);
  const bool disconnects = on_outage_ == OnOutage::kDisconnect;
  // Who refuses an expired certificate tells gRPC no more than that.
  const std::string own_problem = own_problem_();
  logger_.Error(
      "policy_outage",
      {{"detail", disconnects ? "the policy service is away; clients are "
                                "disconnected, and new ones are refused"
                              : "the policy service is away; new clients "
                                "are refused"},
       {"cause", own_problem.empty() ? reason : own_problem}});
  if (disconnects) pool_.EndSessions();
}

void PolicyFollower::OnServiceState(const std::string& problem) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (problem == problem_) return;
    problem_ = problem;
  }
  if (problem.empty()) {
    logger_.Info("policy_decides");
  } else {
    logger_.Warning("policy_undecided", {{"detail", problem}});
  }
}

}  // namespace sluice::server
