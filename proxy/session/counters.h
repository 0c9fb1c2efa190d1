#ifndef PROXY_SESSION_COUNTERS_H_
#define PROXY_SESSION_COUNTERS_H_

#include <cstddef>
#include <cstdint>

#include "proxy/base/counter.h"
#include "proxy/mqtt/packet_type.h"

namespace sluice::session {

enum class Direction : uint8_t { kFromClient, kFromBroker };
constexpr size_t kDirections = static_cast<size_t>(Direction::kFromBroker) + 1;

// A metric label.
const char* DirectionName(Direction direction);

// The first is 1.
constexpr size_t kPacketTypes =
    static_cast<size_t>(mqtt::PacketType::kAuth) + 1;

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
constexpr size_t kActions = static_cast<size_t>(Action::kRevoke) + 1;

// For logs and metric labels.
const char* ActionName(Action action);

enum class Verdict : uint8_t { kAllowed, kDenied, kError };
constexpr size_t kVerdicts = static_cast<size_t>(Verdict::kError) + 1;

// For logs and metric labels.
const char* VerdictName(Verdict verdict);

// Whether a rule is applied, or judged only; a metric label.
enum class RuleMode : uint8_t { kEnforce, kShadow };
constexpr size_t kRuleModes = static_cast<size_t>(RuleMode::kShadow) + 1;

// Why a CONNECT ended as it did.
enum class ConnectOutcome : uint8_t {
  kAccepted,
  kNoCredential,  // anonymous, and nothing is public; or no token where it goes
  kBadMethod,     // another Authentication Method
  // Denied by the policy service; or it never came so far, or no longer counts:
  // malformed, without a good cnonce, expired, revoked, ended by an operator.
  kTokenInvalid,
  kProofInvalid,   // denied by the policy service, or none came about
  kClientIdInUse,  // another subject's; or none, for a session that lasts
  kWillDenied,     // by the scope, a rule or a checker
  kUnsupportedVersion,
  kMalformed,
  kTimeout,           // no CONNECT, or no answer to a challenge, in time
  kTooManyDenials,    // not decided: the address has had its share of denials
  kTooManyAnonymous,  // not decided: clients without a token have had theirs
  kPolicyUnavailable,
  kBrokerUnavailable,
  kBrokerClosed,   // it took the CONNECT, and ended without an answer
  kBrokerRefused,  // passed through from the broker
  kShuttingDown,
  kClientLeft,  // before it was answered
};
constexpr size_t kConnectOutcomes =
    static_cast<size_t>(ConnectOutcome::kClientLeft) + 1;

// Metric labels of a ConnectOutcome. The result is "accepted", "refused",
// "error" (not decided, for a failure of ours) or "abandoned" (by the client).
struct ConnectLabels {
  const char* result;
  const char* reason;
};
ConnectLabels LabelsOf(ConnectOutcome outcome);

// Why a client that was connected is so no more.
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
constexpr size_t kSessionEnds = static_cast<size_t>(SessionEnd::kEvicted) + 1;

// A metric label.
const char* SessionEndName(SessionEnd end);

// Of all sessions of one event loop. Written by that loop's thread, read by
// any.
struct Counters {
  CounterArray<Direction, kDirections,
               CounterArray<mqtt::PacketType, kPacketTypes>>
      packets;
  CounterArray<Action, kActions, CounterArray<Verdict, kVerdicts>> decisions;
  CounterArray<ConnectOutcome, kConnectOutcomes> connects;
  CounterArray<SessionEnd, kSessionEnds> ends;
  // Live sessions that a revocation ended.
  Counter revoked;
  // Denials that were only counted: see LineLimit.
  Counter denials_unrecorded;
  // Subscriptions that were let pass and only counted.
  Counter subscriptions_unrecorded;
  // What a rule stood against.
  CounterArray<RuleMode, kRuleModes> rule_denials;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_COUNTERS_H_
