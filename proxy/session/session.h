#ifndef PROXY_SESSION_SESSION_H_
#define PROXY_SESSION_SESSION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/optional.h"
#include "absl/types/span.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/authz/grant.h"
#include "proxy/authz/rule.h"
#include "proxy/authz/rule_set.h"
#include "proxy/authz/topic_verdict.h"
#include "proxy/base/bytes.h"
#include "proxy/base/line_limit.h"
#include "proxy/mqtt/auth.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/session/broker_keep_alive.h"
#include "proxy/session/checked_filters.h"
#include "proxy/session/client_identity.h"
#include "proxy/session/context.h"
#include "proxy/session/counters.h"
#include "proxy/session/credential.h"
#include "proxy/session/decision_id.h"
#include "proxy/session/effects.h"
#include "proxy/session/ended_qos2.h"
#include "proxy/session/event.h"
#include "proxy/session/external_checks.h"
#include "proxy/session/judged_topics.h"
#include "proxy/session/pace.h"
#include "proxy/session/pending_subscribes.h"
#include "proxy/session/rewrite.h"
#include "proxy/session/rule_usage.h"
#include "proxy/session/session_parts.h"
#include "proxy/session/streamed_publish.h"
#include "proxy/session/subscriptions.h"
#include "proxy/session/topic_aliases.h"

namespace sluice::session {

// One client's connection through the proxy, without any I/O (the proxy's rules
// in one place): bytes, answers and time go in, effects come out. It never
// blocks, reads no clock and knows no socket. Each input appends its effects to
// `effects`. Not thread-safe.
//
// The gate: nothing is sent to the broker before the policy service's grant has
// been received, and nothing after kClose.
class Session {
 public:
  explicit Session(Context context);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // The TLS handshake is done. Yields kSetTimer (connect_timeout).
  void Start(absl::Time now, Effects* effects);

  // Bytes from the client, starting at a packet's first byte. Returns how many
  // were used up; the caller keeps the rest and presents it again, with what
  // followed, when more has come or wants_client_bytes() turned true, or in
  // another turn if there is more_to_judge(). Runs in `effects` alias `bytes`.
  // May yield any effect.
  size_t OnClientBytes(ByteView bytes, absl::Time now, Effects* effects);

  // Of a client's packets no more are judged in one turn, so that one that
  // sends as many as fit does not keep all others waiting.
  static constexpr size_t kMaxPacketsATurn = 64;
  // Whether the last OnClientBytes() has stopped there, and used fewer bytes
  // than there were.
  bool more_to_judge() const { return more_to_judge_; }

  // The same, from the broker, with wants_broker_bytes(), and all of them in
  // one turn. May turn wants_client_bytes() true. Yields sends, kCheck,
  // kSetTimer, kClearTimer and kClose.
  size_t OnBrokerBytes(ByteView bytes, absl::Time now, Effects* effects);

  // False while a client's bytes have to wait (between CONNECT and CONNACK,
  // unless they may be an AUTH, for a checker's answer or the rate of a rule,
  // while the policy service looks at as many of its tokens as it may at once,
  // for the answer to a request of the proxy's own that has the same packet
  // identifier, and where answers wait behind a large PUBLISH); the caller
  // stops reading then, and offers what it holds when an input has turned this
  // true.
  bool wants_client_bytes() const;
  // The same for the broker's, which wait for a checker's answer.
  bool wants_broker_bytes() const;

  // The answer to kAuthenticate; an error status is "nothing was decided".
  // Answers with an unknown or outdated id are ignored. Yields kConnectUpstream
  // for a grant, or first kCheck for the Will; kAuthenticate where it asks for
  // the User Name or a nonce is known to be fresh; kSendToClient for a
  // challenge (AUTH) and a re-authentication; sends and kClose for a denial.
  void OnAuthenticateAnswer(
      uint64_t request_id,
      const absl::StatusOr<policy::v1::AuthenticateResponse>& answer,
      absl::Time now, Effects* effects);

  // The answer to kStoreToken. May turn wants_client_bytes() true. Yields
  // kSendToClient, perhaps kClose, or kStoreToken once a nonce is known to be
  // fresh.
  void OnStoreTokenAnswer(
      uint64_t request_id,
      const absl::StatusOr<policy::v1::StoreTokenResponse>& answer,
      absl::Time now, Effects* effects);

  // The answer to kCheck; an error is as good as a denial. May turn
  // wants_client_bytes() or wants_broker_bytes() true. Yields what
  // OnAuthenticateAnswer() does where the client's Will was waiting.
  void OnCheckAnswer(uint64_t request_id,
                     const absl::StatusOr<policy::v1::CheckResponse>& answer,
                     absl::Time now, Effects* effects);

  // Yields kSendToBroker (CONNECT) and kSetTimer, for CONNACK; where the
  // upstream's credentials fit into no CONNECT, kSendToClient and kClose.
  void OnUpstreamConnected(absl::Time now, Effects* effects);
  // The broker could not be reached or went away. Yields kSendToClient, kClose.
  void OnUpstreamClosed(absl::Time now, Effects* effects);
  // The client went away, cleanly or not. Yields kClose.
  void OnClientClosed(absl::Time now, Effects* effects);

  // The deadline of kSetTimer has passed. May turn wants_client_bytes() true,
  // and yield any effect but kConnectUpstream and kStoreToken.
  void OnTimer(absl::Time now, Effects* effects);
  // The clock was set, by so much: peers have as long as before for what is
  // waited for, and the grant ends when the clock says so. Yields kSetTimer or
  // kClearTimer.
  void OnClockSet(absl::Duration by, absl::Time now, Effects* effects);

  // What ends a session from outside: a client that has had CONNACK is sent a
  // DISCONNECT, one that waits for it a CONNACK, and the broker, where it has
  // the CONNECT of the latter, a DISCONNECT, so that there is no Will. Then
  // kClose.

  // The proxy shuts down: DISCONNECT 0x8B or CONNACK 0x88.
  void OnDrain(absl::Time now, Effects* effects);

  // The revocations have changed: one of them may be for this session
  // (ACE-EXP-4): then DISCONNECT 0x98, or CONNACK 0x87.
  void OnRevocations(absl::Time now, Effects* effects);
  // Whether OnRevocations() has to be called for these: one of them hits.
  bool IsRevokedBy(const policy::RevocationSet& revocations,
                   absl::Time now) const;
  // The policy's version has changed: what was granted by another one is asked
  // about again. Yields kAuthenticate, or nothing.
  void OnPolicyVersion(absl::Time now, Effects* effects);
  // An operator wants the client gone: DISCONNECT 0x98, or CONNACK 0x87.
  void OnDisconnectRequest(absl::Time now, Effects* effects);
  // The policy service has been away for too long: 0x89.
  void OnPolicyOutage(absl::Time now, Effects* effects);
  // Another needs the client's place, and it was let in without a token, 0x97,
  // or not yet, in silence.
  void OnEvicted(absl::Time now, Effects* effects);

  // What operators see of a connected client; false before CONNACK and after
  // kClose. The caller has set the session_id.
  bool Describe(policy::v1::SessionInfo* info) const;

  // Whether the client was granted what those without a token may do.
  bool is_anonymous() const {
    return grant_ != nullptr && grant_->issuer().empty();
  }

  // Whether it was granted what a token says.
  bool has_token() const {
    return grant_ != nullptr && !grant_->issuer().empty();
  }

  // What is kept of packets that have been taken: topics that aliases stand
  // for, both ways, the Client Identifier, what is in flight, tokens that wait
  // to be asked about, and of a CONNECT that is not answered yet what goes on
  // to the broker, and its token.
  size_t kept_bytes() const;

  // After kClose.
  bool is_closed() const { return state_ == State::kClosed; }

 private:
  enum class State : uint8_t {
    kAwaitConnect,    // nothing yet
    kAwaitChallenge,  // our nonce is out, the client's proof is to come
    kAwaitGrant,      // the policy service is asked
    kAwaitUpstream,   // granted; the broker's connection is being opened
    kAwaitConnack,    // CONNECT is out to the broker
    kOpen,
    kClosed,
  };

  // session.cc: bytes of both sides, their limits, and what is sent and told.
  void Begin(absl::Time now, Effects* effects);
  // Of what a client sends: now, after CONNACK, and without a token.
  size_t MaxPacketSize() const;
  size_t MaxOpenPacketSize() const;
  size_t MaxUnauthenticatedPacketSize() const;
  // The first packet in `bytes`, as mqtt::Unframe() tells it; or what there is
  // of a large PUBLISH, once that may begin. Of what may not, no more than
  // max_held_bytes are waited for, and twice as many from the broker.
  mqtt::UnframeResult UnframeNext(ByteView bytes, size_t max_size,
                                  Direction direction) const;
  // The same for what is not all there, as `result` says.
  mqtt::UnframeResult UnframePart(ByteView bytes,
                                  const mqtt::UnframeResult& result,
                                  Direction direction) const;
  void OnUnreadableFromBroker(mqtt::ReasonCode error);
  // Each way, once there is a grant.
  uint16_t MaxTopicAliases() const;
  // Whether packets of a connected client wait for something that is not the
  // client's doing alone: the proxy's, the broker's, or a large packet to it.
  // Looked at before and after each packet.
  bool HoldsClient() const {
    return checks_.IsHolding(ExternalChecks::Side::kClient) ||
           rate_holds_until_.has_value() ||
           store_requests_.size() >= kMaxStoreRequests ||
           awaited_unsuback_.has_value() ||
           to_client_.waiting() >= kMaxWaitingAnswers;
  }
  // After the client has sent something, or while what it sends waits.
  void KeepBrokerAlive();
  // Whether the client takes a packet of this size.
  bool FitsClient(size_t size) const {
    return client_max_packet_size_ == 0 || size <= client_max_packet_size_;
  }
  void SendToClient(absl::string_view packet);
  // For records. Aliases the session.
  ClientIdentity Identity() const;
  // For whoever looks for the client in logs, the broker's too.
  const std::string& ShownClientId() const {
    return client_id_.empty() ? assigned_client_id_ : client_id_;
  }
  void Report(Event::Kind kind, Action action, mqtt::ReasonCode code,
              absl::string_view topic, absl::string_view detail);

  // session_timers.cc: what is waited for, and for how long.
  void ArmTimer(absl::Time deadline);
  void ArmOpenTimer();
  void OnOpenTimer();
  void DisconnectExpired();

  // session_end.cc: endings.
  // Ends the connection with the packet that fits the state: CONNACK before
  // CONNACK, DISCONNECT after (v5), none where the version has none.
  void Fail(mqtt::ReasonCode code, absl::string_view detail);
  void Fail(const absl::Status& status);
  bool ConnackIsDue() const;
  // `id`: of the decision that this is for.
  void Disconnect(SessionEnd end, mqtt::ReasonCode code,
                  absl::string_view detail,
                  const DecisionId& id = DecisionId());
  // The same, with the decision: `action` is denied.
  void EndByDenial(SessionEnd end, Action action, mqtt::ReasonCode code,
                   absl::string_view why);
  // In kOpen.
  void CountEnd(SessionEnd end);
  // The client leaves, maybe before CONNACK, and then it counts.
  void CountLeaving();
  // The client is not let in: its address has one denial more.
  void ChargeDenial();
  void Close();

  // session_decisions.cc: counting and recording.
  void Count(Action action, Verdict verdict);
  // Records a decision about the client; the result is empty where decisions
  // are not recorded, or denials of this kind were too many.
  DecisionId Record(Action action, Verdict verdict, mqtt::ReasonCode code,
                    absl::string_view topic, absl::string_view rule,
                    bool shadow = false);
  // Both.
  DecisionId Decide(Action action, Verdict verdict, mqtt::ReasonCode code,
                    absl::string_view topic, absl::string_view rule);
  // kPublish or kDeliver of a message that may pass: counted, and recorded if
  // its turn has come.
  void AllowMessage(Action action, absl::string_view topic) {
    Count(action, Verdict::kAllowed);
    if (context_.recorder != nullptr && context_.recorder->TakesMessage()) {
      RecordMessage(action, topic);
    }
  }
  void RecordMessage(Action action, absl::string_view topic);
  // A subscription that may be, unless they were too many.
  void RecordSubscription(absl::string_view filter);
  // What is asked and answered between these two is timed for the record.
  void NoteQuestion(uint64_t request_id);
  void NoteAnswer(uint64_t request_id);
  // The property that names decisions to a client which wants reasons; empty
  // for any other, and without ids.
  std::string ReasonString(absl::Span<const DecisionId> ids) const;
  // The same, but empty too where it would make a packet that has `size` bytes
  // without it, a Property Length included, larger than the client takes.
  std::string ReasonString(const DecisionId& id, size_t size) const;

  // session_connect.cc: from CONNECT to the broker.
  void OnConnect(const mqtt::Frame& frame);
  void Authenticate(const Credential& credential);
  void ChallengeConnect();
  void OnPacketBeforeConnack(const mqtt::Frame& frame);
  void OnChallengeAnswer(const mqtt::Frame& frame);
  void AskWithUserName();
  void OnConnectDecision(
      const absl::StatusOr<policy::v1::AuthenticateResponse>& answer);
  void OnGranted(authz::Grant grant);
  void RefuseNotFresh();
  // Whether the grant has ended before the client was let in, which is refused.
  bool RefuseExpired();
  // Judges the Will, and goes on to the broker.
  void Admit();

  // session_ask.cc: asking the policy service, and challenges.
  uint64_t AskForGrant(
      std::unique_ptr<policy::v1::AuthenticateRequest> request);
  // Asks what AskForGrant() has held back, where `answer` is a nonce that is
  // fresh. 0: `answer` is the decision.
  uint64_t AskOnFreshNonce(
      const absl::StatusOr<policy::v1::AuthenticateResponse>& answer);
  uint64_t AskPolicy(std::unique_ptr<policy::v1::AuthenticateRequest> request);
  void FillConnectionInfo(policy::v1::ConnectionInfo* info) const;
  // False: it is larger than what the client takes.
  bool SendChallenge(Challenge* challenge);
  bool ReadChallengeAnswer(const mqtt::Auth& auth, const Challenge& challenge,
                           policy::v1::AuthenticateRequest* request) const;
  // What a decision grants; an error where nothing is decided, or this proxy
  // cannot follow it.
  static absl::StatusOr<authz::Grant> GrantOf(
      const absl::StatusOr<policy::v1::AuthenticateResponse>& answer);

  // session_connack.cc: the broker's answer to CONNECT.
  void OnConnack(const mqtt::Frame& frame);
  // In the place of the broker's; nothing where that stays.
  absl::optional<uint32_t> MaxPacketSizeToAnnounce() const;
  // Of a client that was let in.
  void RecordConnect();

  // session_refuse.cc: refusals of CONNECT.
  // Before the policy service is asked for a client; true: it is refused, as
  // its address has had too many denials.
  bool RefuseOverDenialLimit();
  // Before a client is let in; true: it is refused, as it has no token and too
  // many others have none.
  bool RefuseOverAnonymousLimit();
  // Whether a client is told of the authorization server, if that is known:
  // where a token is missing or bad, and nowhere else (ACE-CON-2).
  enum class AsHint : uint8_t { kWithheld, kGiven };
  void Refuse(mqtt::ReasonCode code, ConnectOutcome outcome,
              absl::string_view detail, AsHint hint = AsHint::kWithheld);
  // The client is not let in after all: a broker that has its CONNECT is to
  // forget the Will.
  void WithdrawConnect();
  void ReportRefusal(mqtt::ReasonCode code, ConnectOutcome outcome,
                     absl::string_view detail);
  // Where no version is agreed on in which an answer could be written.
  void RefuseSilently(mqtt::ReasonCode code, ConnectOutcome outcome,
                      absl::string_view detail);
  void RefuseOversizedConnect(ByteView bytes);
  void RefuseUnreadableConnect(const mqtt::Frame& frame,
                               const absl::Status& status);
  void RefuseDenied(const policy::v1::Denial& denial);
  std::string Hint() const;
  // Whether a token with `client_nonce` (empty: without one) is fresh as far as
  // client-nonces tell.
  bool IsFresh(absl::string_view client_nonce) const;
  // The same of a grant; one for no token is.
  bool IsFresh(const authz::Grant& grant) const;

  // session_reauthenticate.cc: ACE-EXP-3.
  void OnAuth(const mqtt::Frame& frame);
  void StartReauthentication(const mqtt::Auth& auth);
  void DenyReauthentication(absl::string_view why);
  // Nothing was decided.
  void FailReauthentication(absl::string_view why);
  void OnReauthenticationDecision(
      const absl::StatusOr<policy::v1::AuthenticateResponse>& answer);

  // session_policy.cc: what the policy service pushes.
  bool IsRevoked(const authz::Grant& grant) const;
  // Ends a session that has a grant, before CONNACK or after.
  void EndByDecision(SessionEnd end, absl::string_view why);

  // session_recheck.cc: asking again about a grant.
  void StartRecheck(std::string token, uint64_t asked_at_change);
  void AskToRecheck();
  absl::Duration RetryInterval();
  void OnRecheckDecision(
      const absl::StatusOr<policy::v1::AuthenticateResponse>& answer);
  void DenyRecheck(mqtt::ReasonCode code, absl::string_view why);
  // Whether it has not ended and is for the subject that has one.
  bool MayReplaceGrant(const authz::Grant& grant) const;
  // `token`: what the new grant was given for; `asked_at_change`: see Recheck.
  // Where it judges as the last one did, this does not cost more the more
  // subscriptions there are.
  void ReplaceGrant(authz::Grant grant, std::string token,
                    uint64_t asked_at_change);

  // Whether the broker would read something else in the topic or filter.
  bool IsRefusedTopic(absl::string_view topic) const {
    return topic.find_first_of(context_.settings->refused_topic_characters) !=
           absl::string_view::npos;
  }

  // session_client.cc: packets of a connected client.
  void OnClientPacket(const mqtt::Frame& frame);
  void OnDisconnect(const mqtt::Frame& frame);
  void ForwardToBroker(const mqtt::Frame& frame);
  mqtt::ReasonCode DenialCode() const;

  // session_publish.cc: what a client publishes.
  void OnClientPublish(const mqtt::Frame& frame);
  void ForwardPublish(const mqtt::Frame& frame, const mqtt::Publish& publish,
                      const TopicAliases::Resolved& resolved);
  // Records and logs it; the broker does not hear of its alias.
  DecisionId NoteDeniedPublish(const mqtt::Publish& publish,
                               mqtt::ReasonCode code, absl::string_view topic,
                               absl::string_view detail);
  void DenyPublish(const mqtt::Publish& publish, mqtt::ReasonCode code,
                   absl::string_view topic, absl::string_view detail);
  void AnswerPublish(uint8_t qos, uint16_t packet_id, mqtt::ReasonCode code,
                     const DecisionId& id);
  const authz::TopicVerdict& JudgePublish(
      const TopicAliases::Resolved& resolved);
  // The grant's remaining life in seconds, as the most that a Message Expiry
  // Interval may be (ACE-PUB-4); never 0, which would be "now", and nothing for
  // a grant without an end.
  absl::optional<uint32_t> MaxMessageExpiry() const;
  void OnPubrel(const mqtt::Frame& frame);

  // session_streams.cc: a large PUBLISH that passes, either way, for longer
  // than what it was judged by holds.
  void NoteStream(StreamedPublish* stream, absl::string_view topic,
                  const mqtt::Publish& publish);
  bool HasStreams() const {
    return to_broker_.passing() != nullptr || to_client_.passing() != nullptr;
  }
  // Under another grant: one that may not pass by it ends the connection, so
  // that nobody gets the rest. Checkers are not asked again.
  void JudgeStreamsAnew();
  void EndStream(mqtt::ReasonCode code, absl::string_view topic,
                 absl::string_view why);

  // session_subscribe.cc: what a client subscribes to.
  void OnSubscribe(const mqtt::Frame& frame);
  void AnswerSubscribe(uint16_t packet_id, absl::string_view codes,
                       absl::string_view reason);
  // Ends the connection where the client does not take a packet of its size.
  void SendSuback(absl::string_view packet);
  void OnUnsubscribe(const mqtt::Frame& frame);
  // Holds the client's packet at hand, and says so, where an UNSUBSCRIBE of the
  // proxy's own with its identifier is in flight, until that one's UNSUBACK.
  bool WaitsForOwnUnsuback(uint16_t packet_id);
  // Under a grant that judges otherwise than the last one: counts what the
  // client subscribed to, and unsubscribes at the broker what is no longer
  // covered (EDGE-12).
  void JudgeSubscriptionsAnew();
  // In as many packets as the broker's Maximum Packet Size takes (EDGE-14).
  // What does not fit into one by itself stays, and its messages end the
  // connection (ACE-OUT-1).
  void Unsubscribe(const std::vector<std::string>& filters);
  FilterVerdict JudgeFilter(absl::string_view filter);
  void AllowSubscription(absl::string_view filter,
                         const FilterVerdict& verdict);
  DecisionId DenySubscription(absl::string_view filter,
                              const FilterVerdict& verdict);

  // session_authz_info.cc: tokens that clients publish.
  void OnTokenPublish(const mqtt::Publish& publish);
  uint64_t AskToStore(std::unique_ptr<policy::v1::StoreTokenRequest> request);
  void AnswerTokenPublish(uint8_t qos, uint16_t packet_id, Verdict verdict,
                          mqtt::ReasonCode code, absl::string_view why);

  // session_broker.cc: packets of the broker.
  void OnBrokerPacket(const mqtt::Frame& frame);
  void ForwardToClient(const mqtt::Frame& frame);
  void OnBrokerPublish(const mqtt::Frame& frame);
  void DenyDelivery(absl::string_view topic, absl::string_view why);
  void OnBrokerSuback(const mqtt::Frame& frame);
  void OnBrokerUnsuback(const mqtt::Frame& frame);
  const authz::TopicVerdict& JudgeDelivery(
      const TopicAliases::Resolved& resolved);

  // session_rules.cc: what the operators' rules take away.
  // Why something is denied: `rule` is what stands against it, and is counted;
  // null: it is outside the scope.
  absl::string_view WhyDenied(const authz::Rule* rule);
  // Counts and records that a shadow rule stands against something.
  void NoteShadow(Action action, mqtt::ReasonCode code, absl::string_view topic,
                  const authz::Rule& rule);
  // The code for a PUBLISH or a subscription.
  mqtt::ReasonCode CodeOf(authz::Objection objection) const;
  // Whether a PUBLISH passes the rules at `places`; if not, it is denied.
  bool PassesRules(const mqtt::Publish& publish, absl::string_view topic,
                   const authz::RuleSet::Places& places);
  // Nothing more is read of the client before the PUBLISH at hand, which is
  // over the rate of rules at `places`, is judged again.
  void HoldForRate(const authz::RuleSet::Places& places);
  void NoteDeliveryRules(absl::string_view topic,
                         const authz::RuleSet::Places& places);
  // `places`: of the rules that are about it.
  FilterVerdict JudgeFilterByRules(absl::string_view filter,
                                   authz::RuleSet::Places places);
  // Whether the Will may be (ACE-CON-3); if not, the CONNECT is refused.
  WillVerdict JudgeWill();
  void RefuseWill(mqtt::ReasonCode code, const authz::Rule* rule);

  // session_checks.cc: rules that ask checkers.
  CheckVerdict JudgeByCheckers(CheckQuestion::About about,
                               absl::string_view topic,
                               const authz::RuleSet::Places& places);
  // Asks what is not known yet, as far as there is room for questions.
  void AskCheckers(CheckQuestion::About about, absl::string_view topic,
                   const authz::RuleSet::Places& places);
  void NoteShadowChecks(CheckQuestion::About about, absl::string_view topic,
                        const authz::RuleSet::Places& places);
  // False: the PUBLISH was denied, or is held.
  bool PassesCheckers(const mqtt::Publish& publish,
                      const TopicAliases::Resolved& resolved,
                      const authz::RuleSet::Places& places);
  // False: the delivery was denied, which ends the connection, or is held.
  bool DeliveryPassesCheckers(absl::string_view topic,
                              const authz::RuleSet::Places& places);
  // Whether all is known that the SUBSCRIBE is to be judged by; else it is
  // being asked.
  bool CheckersHaveSaid(const mqtt::Subscribe& subscribe);
  // How many rules of these have one.
  size_t CountCheckers(const authz::RuleSet::Places& places) const;

  const Context context_;
  State state_ = State::kAwaitConnect;
  mqtt::ProtocolVersion version_ = mqtt::ProtocolVersion::kV5;
  bool uses_method_ = false;    // CONNECT named the method `ace`
  bool wants_reasons_ = false;  // where decisions are recorded
  bool clean_start_ = false;
  uint32_t session_expiry_interval_ = 0;  // as CONNECT has it
  uint32_t client_max_packet_size_ = 0;   // 0: no limit
  uint32_t broker_max_packet_size_ = 0;
  uint64_t last_request_id_ = 0;
  uint64_t connect_request_id_ = 0;  // 0: none
  // To be asked when the token's nonce is known to be fresh. Null: none.
  std::unique_ptr<policy::v1::AuthenticateRequest> held_request_;
  absl::Time deadline_ = absl::InfiniteFuture();
  absl::Time connected_at_;
  std::string client_id_;
  // What the broker calls a client of MQTT 5.0 that has sent none.
  std::string assigned_client_id_;
  std::unique_ptr<PendingConnect> pending_;
  std::unique_ptr<Reauthentication> reauthentication_;
  Pace reauthentications_;
  std::unique_ptr<authz::Grant> grant_;
  std::unique_ptr<Recheck> recheck_;  // null: there is nothing to ask again

  StreamedPublish to_client_{Effect::Kind::kSendToClient};
  StreamedPublish to_broker_{Effect::Kind::kSendToBroker};
  BrokerKeepAlive broker_keep_alive_;
  JudgedTopics published_;
  JudgedTopics delivered_;
  TopicAliases client_aliases_;
  TopicAliases broker_aliases_;
  PendingSubscribes pending_subscribes_;
  Subscriptions subscriptions_;
  RuleUsage rule_usage_;  // of grant_'s rules
  ExternalChecks checks_;
  CheckedFilters checked_filters_;
  bool holds_packet_ = false;  // the one at hand is to be presented again
  bool more_to_judge_ = false;
  absl::optional<absl::Time> rate_holds_until_;  // a PUBLISH
  EndedQos2 ended_qos2_;
  uint16_t last_packet_id_ = 0;  // of the client's
  absl::optional<AwaitedUnsuback> awaited_unsuback_;
  absl::InlinedVector<StoreRequest, 1> store_requests_;
  std::vector<Question> questions_;
  LineLimit logged_denials_;
  LineLimit recorded_denials_;
  Pace recorded_subscriptions_;

  // Of the input that is being handled.
  absl::Time now_;
  absl::optional<absl::Duration> latency_;  // of an answer; see NoteQuestion()
  Effects* effects_ = nullptr;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_SESSION_H_
