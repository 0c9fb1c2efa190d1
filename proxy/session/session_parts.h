#ifndef PROXY_SESSION_SESSION_PARTS_H_
#define PROXY_SESSION_SESSION_PARTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/authz/rule.h"
#include "proxy/authz/rule_set.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/session/credential.h"
#include "proxy/session/rewrite.h"

// What a Session consists of; of no use to others.

namespace sluice::session {

// A token whose proof is being asked for by challenge (ACE-POP-4).
struct Challenge {
  std::string token;  // empty: the stored one (ACE-POP-5)
  std::array<uint8_t, kNonceSize> nonce;
};

struct PendingWill {
  std::string topic;
  authz::MessageFacts facts;
};

// What only matters between CONNECT and CONNACK.
struct PendingConnect {
  ForwardedConnect forwarded;
  absl::optional<PendingWill> will;
  Challenge challenge;
  std::string token;  // of the request under way; empty: none, or stored
  // User Name and Password that may be a token and its proof (ACE-D01-4).
  absl::optional<Credential> user_name_credential;
  // How long the policy service's last answer took, if that is recorded.
  absl::optional<absl::Duration> latency;
  // What the client is being refused for. Null: nothing, or no denial.
  const policy::v1::Denial* denial = nullptr;
};

// A re-authentication in progress (ACE-EXP-3).
struct Reauthentication {
  Challenge challenge;
  uint64_t request_id = 0;  // 0: the client's proof is to come
  // For the decision. The proof may take its time: it may wait behind what the
  // client sends, and the challenge behind what it is sent, and meanwhile the
  // old grant counts, which ends by itself.
  absl::Time deadline = absl::InfiniteFuture();
};

// Of a grant that may be of any version of the policy, as the client came
// with its token: where another one is pushed, it is asked about once more.
inline constexpr uint64_t kAskedAtNoChange = 0;

// A grant that the policy service is to be asked about again: when it says so
// (ACE-TOK-5), or when its policy changes.
struct Recheck {
  std::string token;  // empty: a stored one, or an anonymous client
  absl::Duration interval;
  // Until when what the authorization server said counts.
  absl::Time answer_until;
  absl::Time due;
  uint64_t request_id = 0;  // 0: not asked at the moment
  // LivePolicy::version_changes when it was asked for the grant at hand, or
  // is asked for the next one.
  uint64_t asked_at_change = kAskedAtNoChange;
};

// Tokens of one client that the policy service may be looking at at once.
inline constexpr size_t kMaxStoreRequests = 4;

// Answers, in bytes, that may wait until a large PUBLISH is through.
inline constexpr size_t kMaxWaitingAnswers = 64 * 1024;

// A token from `authz-info` at the policy service.
struct StoreRequest {
  uint64_t id;
  uint16_t packet_id;
  uint8_t qos;
  // To be asked when the token's nonce is known to be fresh. Null: none.
  std::unique_ptr<policy::v1::StoreTokenRequest> held;
};

// An UNSUBACK for the proxy itself that a packet of the client's waits for.
struct AwaitedUnsuback {
  uint16_t packet_id;
  absl::Time until;
};

// Whether a subscription may be made, and as what.
struct FilterVerdict {
  mqtt::ReasonCode code = mqtt::ReasonCode::kSuccess;  // may be
  absl::string_view why;                               // it may not be
  uint8_t max_qos = 2;
  authz::RuleSet::Places rules = {};  // that are about it, if it may be
};

// What checkers say about a topic.
struct CheckVerdict {
  enum class Kind : uint8_t { kAllowed, kDenied, kUnknown };
  Kind kind = Kind::kAllowed;
  const authz::Rule* rule = nullptr;  // that stands against it
  // Until when kAllowed is all that there is to say.
  absl::Time until = absl::InfiniteFuture();
};

// Whether a Will may be left.
enum class WillVerdict : uint8_t { kPasses, kRefused, kUnknown };

// Something the policy service has been asked, where decisions are recorded.
struct Question {
  uint64_t request_id;
  absl::Time asked_at;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_SESSION_PARTS_H_
