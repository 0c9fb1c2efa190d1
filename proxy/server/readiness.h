#ifndef PROXY_SERVER_READINESS_H_
#define PROXY_SERVER_READINESS_H_

#include <atomic>
#include <functional>
#include <string>

namespace sluice::server {

// Whether the proxy can do its work for a client that comes now. Any thread.
class Readiness {
 public:
  struct Checks {
    // Why the policy service would not decide; empty: it would.
    std::function<std::string()> policy_problem;
    std::function<bool()> broker_reachable;
  };

  // The checks are quick, thread-safe, and outlive the object.
  explicit Readiness(Checks checks) : checks_(std::move(checks)) {}

  void SetListening(bool listening) { listening_ = listening; }
  void SetDraining() { draining_ = true; }

  // What is missing, a line each; empty: the proxy is ready.
  std::string Missing() const {
    if (draining_) return "proxy: draining\n";
    std::string missing;
    if (!listening_) missing += "listeners: not accepting\n";
    if (const std::string problem = checks_.policy_problem();
        !problem.empty()) {
      missing += "policy service: " + problem + "\n";
    }
    if (!checks_.broker_reachable()) missing += "broker: unreachable\n";
    return missing;
  }

 private:
  const Checks checks_;
  std::atomic<bool> listening_{false};
  std::atomic<bool> draining_{false};
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_READINESS_H_
