#ifndef PROXY_SESSION_COUNTERS_H_
#define PROXY_SESSION_COUNTERS_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace sluice::session {

// A counter with one writing thread and any number of readers.
class Counter {
 public:
  void Add(uint64_t n) {
    value_.store(value_.load(std::memory_order_relaxed) + n,
                 std::memory_order_relaxed);
  }
  void Increment() { Add(1); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

enum class Direction : uint8_t { kFromClient, kFromBroker };
constexpr size_t kDirections = 2;

// What a decision is about, and how it went.
enum class Action : uint8_t {
  kConnect,
  kPublish,
  kDeliver,
  kSubscribe,
  kReauthenticate,
  kStoreToken,
  kRecheck,
  kRevoke  // the end of a live session; never kAllowed
};
constexpr size_t kActions = 8;

// For logs and metric labels.
inline const char* ActionName(Action action) {
  switch (action) {
    case Action::kConnect:
      return "connect";
    case Action::kPublish:
      return "publish";
    case Action::kDeliver:
      return "deliver";
    case Action::kSubscribe:
      return "subscribe";
    case Action::kReauthenticate:
      return "reauthenticate";
    case Action::kStoreToken:
      return "store_token";
    case Action::kRecheck:
      return "recheck";
    case Action::kRevoke:
      return "revoke";
  }
  return "unknown";
}

enum class Verdict : uint8_t { kAllowed, kDenied, kError };
constexpr size_t kVerdicts = 3;

// For logs and metric labels.
inline const char* VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllowed:
      return "allowed";
    case Verdict::kDenied:
      return "denied";
    case Verdict::kError:
      return "error";
  }
  return "unknown";
}

// Whether a rule is applied, or judged only; a metric label.
enum class RuleMode : uint8_t { kEnforce, kShadow };
constexpr size_t kRuleModes = 2;

// Why a CONNECT ended as it did; a metric label.
enum class ConnectOutcome : uint8_t {
  kAccepted,
  kNoCredential,   // refused: anonymous, and nothing public
  kBadMethod,      // refused: another Authentication Method
  kTokenInvalid,   // refused by the policy service
  kProofInvalid,   // refused by the policy service, or resumed TLS session
  kClientIdInUse,  // refused: the identifier is another subject's
  kWillDenied,     // refused: Will topic outside the scope
  kUnsupportedVersion,
  kMalformed,
  kTimeout,           // no CONNECT, or no answer to a challenge, in time
  kTooManyDenials,    // not decided: the address has had its share of denials
  kTooManyAnonymous,  // not decided: clients without a token have had theirs
  kPolicyUnavailable,
  kBrokerUnavailable,
  kBrokerRefused,  // passed through from the broker
  kShuttingDown,
  kClientLeft,  // before it was answered
};
constexpr size_t kConnectOutcomes = 17;

// Why a client that was connected is so no more; a metric label.
enum class SessionEnd : uint8_t {
  kClient,   // DISCONNECT, or its connection has ended
  kBroker,   // the same of the broker
  kExpired,  // the grant (ACE-EXP-2)
  kDenied,   // what it wanted, where that ends a connection
  kRevoked,
  kOperator,  // ended by one
  kError,     // a peer's error, or a packet that does not fit
  kPolicyOutage,
  kShuttingDown,
  kEvicted,  // without a token, to make room for another
};
constexpr size_t kSessionEnds = 10;

// Of all sessions of one event loop. Written by that loop's thread, read by
// any.
struct Counters {
  // Index: Direction, PacketType (1 to 15).
  std::array<std::array<Counter, 16>, kDirections> packets;
  // Index: Action, Verdict.
  std::array<std::array<Counter, kVerdicts>, kActions> decisions;
  // Index: ConnectOutcome.
  std::array<Counter, kConnectOutcomes> connects;
  // Index: SessionEnd.
  std::array<Counter, kSessionEnds> ends;
  // Live sessions that a revocation ended.
  Counter revoked;
  // Denials that were only counted: see LineLimit.
  Counter denials_unrecorded;
  // Subscriptions that were let pass and only counted.
  Counter subscriptions_unrecorded;
  // What a rule stood against. Index: RuleMode.
  std::array<Counter, kRuleModes> rule_denials;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_COUNTERS_H_
