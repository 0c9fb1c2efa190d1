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
    std::function<bool()> policy_answers;
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
    if (!checks_.policy_answers()) missing += "policy service: no answer\n";
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
