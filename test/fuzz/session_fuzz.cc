// A session under any sequence of client bytes, broker bytes, answers (of the
// policy service and of checkers; late, twice, to a former question or to
// none), time, revocations and changes of policy. What must hold whatever
// comes:
//  - nothing goes to the broker before the grant, and nothing after kClose;
//  - the broker gets packets only, one after the other, though a large PUBLISH
//    may break off at the end; the first is the one CONNECT, and no PUBLISH or
//    SUBSCRIBE outside the grant in force, after its end, or without the yes of
//    a checker where one is to be asked; and none of the client's credentials;
//  - the client gets packets only, likewise, and no PUBLISH outside the grant;
//  - nothing that an enforced rule stands against gets through;
//  - the policy service is asked what PolicyModel says, and nobody takes the
//    place of whom it let in: a client with a token, of its TLS key or sent,
//    stays one, and one without stays without;
//  - no request of the client is answered twice, and an answer that comes twice
//    does nothing;
//  - questions that are open, bytes that wait, bytes that one input makes, and
//    memory are bounded.
//
// The input is a sequence of steps (session_steps.h), of which the first say
// what the session is made with (session_set_up.h); session_mutator.cc changes
// them.
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/config.h"
#include "absl/strings/string_view.h"
#include "proto/timestamp.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/session/session.h"
#include "test/fuzz/fake_policy.h"
#include "test/fuzz/policy_model.h"
#include "test/fuzz/session_fakes.h"
#include "test/fuzz/session_model.h"
#include "test/fuzz/session_set_up.h"
#include "test/fuzz/session_steps.h"
#include "test/proxy/session/session_harness.h"

#ifdef ABSL_HAVE_ADDRESS_SANITIZER
#include <sanitizer/allocator_interface.h>
#endif

namespace sluice::session {
namespace {

// Of this process, on the heap.
size_t AllocatedBytes() {
#ifdef ABSL_HAVE_ADDRESS_SANITIZER
  return __sanitizer_get_current_allocated_bytes();
#else
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;  // small, and each mapped by itself
#endif
}

// Whatever one input is, it makes no more than this of it.
// Answers may have waited for the end of a large PUBLISH.
constexpr size_t kMaxAnswerBytes = 128 * 1024;
constexpr size_t kMaxBytesPerByte = 32;
// It keeps no more than this, with the models of this file, which remember more
// than it does: each answer, for one, as if a step had some bytes. What a
// client only announces takes nothing.
constexpr size_t kMaxKept = 192 * 1024;
constexpr size_t kMaxKeptPerByte = 64;
constexpr size_t kBytesOfStep = 8;
// Of questions that are open at once.
constexpr size_t kMaxOpenChecks = 8;
constexpr size_t kMaxOpenStores = 4;

// An answer of the policy service, as PolicyAnswers() has it.
constexpr uint8_t kUserNameWanted = 5;

class Driver {
 public:
  explicit Driver(const SetUp& set_up)
      : set_up_(set_up),
        settings_(set_up.MakeSettings()),
        broker_(true, &settings_, &checks_, &answers_),
        client_(false, &settings_, &checks_, &answers_) {
    Context context;
    if (set_up_.gives_nonces) context.client_nonces = &nonces_;
    if (set_up_.is_strict) context.denials = &denials_;
    if (set_up_.is_full()) context.anonymous = &full_;
    context.settings = &settings_;
    context.tls = &set_up_.tls;
    random_.varies = set_up_.has_facts;
    context.random = &random_;
    context.counters = &counters_;
    context.observer = &observer_;
    live_policy_.is_followed = !set_up_.Has(SetUp::kPolicy, SetUp::kUnheard);
    context.live_policy = &live_policy_;
    if (!set_up_.gives_nonces) context.recorder = &recorder_;
    session_ = std::make_unique<Session>(std::move(context));
    session_->Start(now_, &effects_);
    Finish();
  }

  void Run(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
      given_ += kBytesOfStep;
      Take(step);
      Finish();
    }
  }

 private:
  void Take(const Step& step) {
    const uint8_t argument = step.argument;
    switch (step.kind) {
      case Step::kOpen:
        Open(argument % 2 == 0 ? mqtt::ProtocolVersion::kV5
                               : mqtt::ProtocolVersion::kV311);
        break;
      case Step::kClientBytes:
        ClientBytes(step.bytes);
        break;
      case Step::kBrokerBytes:
        BrokerBytes(step.bytes);
        break;
      case Step::kPolicyAnswers:
        PolicyAnswers(argument);
        break;
      case Step::kUpstreamConnected:
        session_->OnUpstreamConnected(now_, &effects_);
        break;
      case Step::kTime:
        // From 24 on the timer is late.
        now_ += absl::Seconds(argument * argument);
        if (argument < 24) session_->OnTimer(now_, &effects_);
        break;
      case Step::kEvent:
        TakeEvent(argument);
        break;
      case Step::kStoreAnswers:
        StoreAnswers(argument);
        break;
    }
  }

  void TakeEvent(uint8_t argument) {
    switch (argument) {
      case 0:
        session_->OnDisconnectRequest(now_, &effects_);
        break;
      case 1:
        session_->OnUpstreamClosed(now_, &effects_);
        break;
      case 2:
        session_->OnClientClosed(now_, &effects_);
        break;
      case 3:
        session_->OnDrain(now_, &effects_);
        break;
      case 4:
        Revoke();
        break;
      case 5:
        session_->OnPolicyOutage(now_, &effects_);
        break;
      case 13:
        SetClock(absl::Minutes(10));
        break;
      case 14:
        SetClock(-absl::Minutes(10));
        break;
      case 15:
        // Of others nobody takes the place.
        if (!granted_) session_->OnEvicted(now_, &effects_);
        break;
      default:
        argument < 16 ? ChangePolicy(argument) : CheckerAnswers(argument - 16);
    }
  }

  void SetClock(absl::Duration by) {
    now_ += by;
    start_ += by;
    checks_.OnClockSet(by);
    session_->OnClockSet(by, now_, &effects_);
  }

  // As one whose TLS key is that of a token, where there is a key; else by an
  // exporter proof, or by what is left without one.
  void Open(mqtt::ProtocolVersion version) {
    const bool v5 = version == mqtt::ProtocolVersion::kV5;
    const bool has_token = !set_up_.is_public && !set_up_.tls.has_key();
    const bool by_exporter = set_up_.tls.takes_exporter_proof();
    ConnectParts parts;
    parts.version = version;
    if (v5) {
      if (has_token) {
        parts.properties =
            AceProperties(TokenAndProof("T", by_exporter ? "P" : ""));
      }
      parts.properties += std::string("\x22\x00\x05", 3);  // aliases up to 5
    } else if (has_token) {
      parts.username = by_exporter ? "aceVA" : "T";
      parts.password = "P";
    }
    ClientBytes(ConnectPacket(parts));
    Finish();
    if (has_token && !by_exporter) {
      v5 ? ClientBytes(AuthPacket(0x18, "P")) : PolicyAnswers(kUserNameWanted);
      Finish();
    }
    PolicyAnswers(0);
    Finish();
    session_->OnUpstreamConnected(now_, &effects_);
    Finish();
    BrokerBytes(ConnackPacket(version, 0,
                              version == mqtt::ProtocolVersion::kV5
                                  ? absl::string_view("\x22\x00\x05", 3)
                                  : absl::string_view()));
  }

  // While the session wants no bytes they wait, as its caller has it.
  void ClientBytes(absl::string_view bytes) {
    client_rest_.append(bytes.data(), bytes.size());
    given_ += bytes.size();
    input_size_ = client_rest_.size();
    const bool wanted = session_->wants_client_bytes();
    const size_t used =
        session_->OnClientBytes(AsBytes(client_rest_), now_, &effects_);
    Require(used <= client_rest_.size());
    Require(wanted || closed_ || (used == 0 && effects_.empty()));
    const bool packets =
        from_client_.Each(AsBytes(client_rest_).first(used), Version(),
                          [this](const mqtt::Frame& frame) {
                            RequireSmall(frame);
                            answers_.FromClient(frame, Version());
                          });
    Require(closed_ || session_->is_closed() || packets);
    Finish();
    client_rest_.erase(0, used);
    if (session_->more_to_judge() && session_->wants_client_bytes()) {
      ClientBytes("");
    } else {
      RequireOnlyAPart(client_rest_, session_->wants_client_bytes());
    }
  }

  // Of a client that no token lets in.
  void RequireSmall(const mqtt::Frame& frame) const {
    if (closed_ || session_->is_closed()) return;
    if (granted_ && !grant_.is_public) return;
    Require(frame.whole.size() + frame.missing <=
            settings_.max_unauthenticated_packet_size);
  }

  // As ClientBytes().
  void BrokerBytes(absl::string_view bytes) {
    const bool wanted = session_->wants_broker_bytes();
    broker_rest_.append(bytes.data(), bytes.size());
    given_ += bytes.size();
    input_size_ = broker_rest_.size();
    from_broker_now_ = true;
    const size_t used =
        session_->OnBrokerBytes(AsBytes(broker_rest_), now_, &effects_);
    Require(used <= broker_rest_.size());
    Require(wanted || closed_ || (used == 0 && effects_.empty()));
    if (broker_.is_used()) {  // what comes without a CONNECT is no answer
      from_broker_.Each(
          AsBytes(broker_rest_).first(used), Version(),
          [this](const mqtt::Frame& frame) { answers_.FromBroker(frame); });
    }
    Finish();
    from_broker_now_ = false;
    broker_rest_.erase(0, used);
  }

  // A session that takes bytes leaves no whole packet behind, nor what it could
  // pass on.
  void RequireOnlyAPart(absl::string_view rest, bool wanted) const {
    if (closed_ || !wanted || rest.empty()) return;
    policy::v1::SessionInfo info;
    const mqtt::UnframeResult result =
        session_->Describe(&info)
            ? from_client_.First(AsBytes(rest), Version())
            : mqtt::Unframe(AsBytes(rest), settings_.max_packet_size);
    Require(result.kind == mqtt::UnframeResult::Kind::kNeedMore);
  }

  // Bits of `argument`: two for what is answered, then whether a grant is
  // narrow, or which answer it is that decides nothing, then two for which
  // question, counted from the last one.
  void PolicyAnswers(uint8_t argument) {
    const size_t back = argument / 8;
    if (request_ids_.size() <= back) return;
    const uint64_t id = request_ids_[request_ids_.size() - 1 - back];
    const bool first = answered_.insert(id).second;
    const bool bit = argument / 4 % 2 == 0;
    const PolicyModel::Asked& asked = model_.asked(id);
    absl::StatusOr<policy::v1::AuthenticateResponse> answer =
        absl::UnavailableError("");
    if (argument % 4 == 0) answer = policy_.Grant(asked, bit, now_);
    if (argument % 4 == 1) answer = policy_.Undecided(asked, bit);
    if (argument % 4 == 2) answer = policy_.Denial();
    if (first && answer.ok()) model_.Answer(id, *answer);
    if (first && back == 0 && answer.ok() && answer->has_grant()) {
      BeGranted(*policy_.Find(answer->grant().token_id()));
    }
    session_->OnAuthenticateAnswer(id, answer, now_, &effects_);
    Require(first || effects_.empty());
    FollowGrant();
  }

  // A grant that comes after its revocation opens nothing, nor one that comes
  // while revocations are not heard of.
  void BeGranted(const GrantModel& grant) {
    if (granted_ || IsRevoked(grant) || !policy_.IsFresh(grant) ||
        !live_policy_.is_followed) {
      return;
    }
    granted_ = true;
    grant_ = grant;
  }

  bool IsRevoked(const GrantModel& grant) const {
    return !live_policy_.revocations.empty() && policy_.Revokes(grant);
  }

  // The session says which grant is in force; what that allows is the model's.
  void FollowGrant() {
    policy::v1::SessionInfo info;
    if (!session_->Describe(&info)) return;
    if (info.token_id() == grant_.token_id) return;
    const GrantModel* grant = policy_.Find(info.token_id());
    Require(grant != nullptr && grant->MayFollow(grant_));
    Require(!IsRevoked(*grant));
    // That of a token that is asked about again has been looked at.
    Require(grant->is_recheck || policy_.IsFresh(*grant));
    grant_ = *grant;
    checks_.Renew();
  }

  // Bits of `argument`: two for the answer, then two for the question: the
  // oldest, the newest, one that is answered, one of a former grant.
  void CheckerAnswers(uint8_t argument) {
    uint64_t id = ~uint64_t{0};
    const uint8_t which = argument / 4;
    const bool open = which < 2 && !checks_.open().empty();
    if (open) {
      id = which == 0 ? checks_.open().begin()->first
                      : std::prev(checks_.open().end())->first;
    } else if (which >= 2) {
      id = which == 2 ? last_checked_ : checks_.former();
    }
    absl::StatusOr<policy::v1::CheckResponse> answer;
    absl::Duration ttl = absl::ZeroDuration();
    if (argument % 4 == 2) {
      answer = absl::UnavailableError("");
    } else {
      answer.emplace();
      answer->set_allowed(argument % 4 != 1);
      if (argument % 4 == 0) ttl = absl::Minutes(1);
      *answer->mutable_ttl() = ToProtoDuration(ttl);
    }
    checks_.Answer(id, answer.ok() && answer->allowed(), now_ + ttl);
    if (open) last_checked_ = id;
    session_->OnCheckAnswer(id, answer, now_, &effects_);
    Require(open || effects_.empty());
    Finish();
    PresentRests();
  }

  void PresentRests() {
    if (session_->wants_broker_bytes()) BrokerBytes("");
    if (session_->wants_client_bytes()) ClientBytes("");
  }

  void Revoke() {
    live_policy_.revocations.Add(policy_.Revocation());
    session_->OnRevocations(now_, &effects_);
    revoked_ = granted_ && IsRevoked(grant_);
  }

  void ChangePolicy(uint8_t argument) {
    live_policy_.version = std::string(1, static_cast<char>(argument));
    ++live_policy_.version_changes;
    live_policy_.is_followed = true;
    session_->OnPolicyVersion(now_, &effects_);
  }

  // Bits of `argument`: one for the answer, then which question, counted from
  // the last one.
  void StoreAnswers(uint8_t argument) {
    const size_t back = argument / 2;
    if (store_ids_.size() <= back) return;
    const uint64_t id = store_ids_[store_ids_.size() - 1 - back];
    const bool first = open_stores_.erase(id) == 1;
    const absl::StatusOr<policy::v1::StoreTokenResponse> answer =
        policy_.Store(argument % 2 == 0, back == 0);
    session_->OnStoreTokenAnswer(id, answer, now_, &effects_);
    Require(first || effects_.empty());
    Finish();
    PresentRests();
  }

  void Finish() {
    size_t made = 0;
    for (const Effect& effect : effects_.list()) {
      Require(!closed_);
      made += effect.length;
      Carry(effect);
    }
    Require(made <= kMaxAnswerBytes + kMaxBytesPerByte * input_size_);
    Require(checks_.open().size() <= kMaxOpenChecks);
    Require(open_stores_.size() <= kMaxOpenStores);
    effects_.Clear();
    Require(AllocatedBytes() <=
            allocated_before_ + kMaxKept + kMaxKeptPerByte * given_);
    Require(closed_ == session_->is_closed());
    Require(closed_ || !revoked_);
    Require(closed_ ||
            session_->is_anonymous() == (granted_ && grant_.is_public));
    Require(closed_ ||
            session_->has_token() == (granted_ && !grant_.is_public));
  }

  void Carry(const Effect& effect) {
    switch (effect.kind) {
      case Effect::Kind::kSendToClient:
        client_.Take(effects_.bytes(effect), Version(), grant_, start_, now_);
        break;
      case Effect::Kind::kSendToBroker:
        Require(granted_);
        broker_.Take(effects_.bytes(effect), Version(), grant_, start_, now_);
        break;
      case Effect::Kind::kAuthenticate:
        request_ids_.push_back(effect.request_id);
        model_.Ask(effect.request_id, effects_.authenticate(effect),
                   granted_ ? &grant_ : nullptr);
        version_ =
            effects_.authenticate(effect).connection().protocol_version() ==
                    policy::v1::PROTOCOL_VERSION_MQTT_5_0
                ? mqtt::ProtocolVersion::kV5
                : mqtt::ProtocolVersion::kV311;
        break;
      case Effect::Kind::kStoreToken:
        store_ids_.push_back(effect.request_id);
        Require(granted_ && !settings_.authz_info_topic.empty());
        model_.CheckConnection(effects_.store_token(effect).connection());
        Require(open_stores_.insert(effect.request_id).second);
        break;
      case Effect::Kind::kCheck:
        Require(granted_);
        RequireOwn(effects_.check(effect));
        checks_.Ask(effect.request_id, effects_.check(effect),
                    from_broker_now_);
        break;
      case Effect::Kind::kClose:
        closed_ = true;
        break;
      case Effect::Kind::kConnectUpstream:
        Require(granted_ && live_policy_.is_followed);
        Require(!set_up_.is_full() || !grant_.is_public);
        break;
      case Effect::Kind::kSetTimer:
      case Effect::Kind::kClearTimer:
        break;
    }
  }

  void RequireOwn(const policy::v1::CheckRequest& request) const {
    model_.CheckConnection(request.connection());
    Require(request.token_id() == grant_.token_id);
    Require(request.key_id() == grant_.key_id);
    Require(request.issuer().empty() == grant_.is_public);
  }

  mqtt::ProtocolVersion Version() const { return version_; }

  const SetUp set_up_;
  const Settings settings_;
  FakeDenials denials_;
  FullOfAnonymous full_;
  FakeNonces nonces_;
  FakeRandom random_;
  FakeObserver observer_;
  FakeDecisions decisions_;
  DecisionRecorder recorder_{&decisions_, &random_, /*sample=*/1};
  LivePolicy live_policy_;
  Counters counters_;
  Effects effects_;
  absl::Time start_ = absl::FromUnixSeconds(1800000000);
  absl::Time now_ = start_;
  std::unique_ptr<Session> session_;
  GrantModel grant_;  // in force
  FakePolicy policy_{&set_up_, &settings_};
  PolicyModel model_{&set_up_, &settings_};
  CheckModel checks_;
  AnswerModel answers_;
  Outlet broker_;
  Outlet client_;
  PacketStream from_client_{kMaxHeldPublish};
  PacketStream from_broker_{kMaxHeldPublish};
  std::string client_rest_;
  std::string broker_rest_;
  mqtt::ProtocolVersion version_ = mqtt::ProtocolVersion::kV5;
  size_t input_size_ = 0;
  size_t given_ = 0;  // in all
  const size_t allocated_before_ = AllocatedBytes();
  std::vector<uint64_t> request_ids_;
  std::set<uint64_t> answered_;  // of request_ids_
  std::vector<uint64_t> store_ids_;
  std::set<uint64_t> open_stores_;
  uint64_t last_checked_ = 0;
  bool from_broker_now_ = false;  // what the session does is for its bytes
  bool granted_ = false;
  bool revoked_ = false;
  bool closed_ = false;
};

}  // namespace
}  // namespace sluice::session

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::vector<sluice::session::Step> steps =
      sluice::session::ReadSteps(sluice::ByteView(data, size));
  sluice::session::Driver driver{sluice::session::SetUp(steps)};
  driver.Run(steps);
  return 0;
}
