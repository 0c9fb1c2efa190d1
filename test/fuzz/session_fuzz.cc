// A session under any sequence of client bytes, broker bytes, answers (of the
// policy service and of checkers; late, twice, to a former question or to
// none), time, revocations and changes of policy. What must hold whatever
// comes:
//  - nothing goes to the broker before the grant, and nothing after kClose;
//  - the broker gets packets only, one after the other, though a large PUBLISH
//    may break off at the end; the first is the one CONNECT, and no PUBLISH or
//    SUBSCRIBE outside the grant in force, after its end, or without the yes of
//    a checker where one is to be asked;
//  - the client gets packets only, likewise, and no PUBLISH outside the grant;
//  - nothing that an enforced rule stands against gets through;
//  - no request of the client is answered twice, and an answer that comes twice
//    does nothing;
//  - questions that are open, bytes that wait, bytes that one input makes, and
//    memory are bounded.
//
// The input is a sequence of steps (session_steps.h), which session_mutator.cc
// changes.
#include <malloc.h>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/base/config.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proto/timestamp.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/session/session.h"
#include "test/fuzz/session_model.h"
#include "test/fuzz/session_steps.h"
#include "test/proxy/session/session_harness.h"

#ifdef ABSL_HAVE_ADDRESS_SANITIZER
#include <sanitizer/allocator_interface.h>
#endif

namespace sluice::session {
namespace {

struct FakeTls : TlsChannelInterface {
  bool IsResumed() const override { return false; }
  std::string PeerCertificate() const override { return ""; }
  std::string PreSharedKeyId() const override { return ""; }
  std::vector<std::array<uint8_t, 32>> ExportKeyingMaterial(
      absl::string_view) const override {
    return {{}};
  }
};
struct FakeRandom : RandomInterface {
  void Fill(absl::Span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = 0x5A;
  }
};
struct FakeObserver : ObserverInterface {
  void OnEvent(const Event&) override {}
};
// Once an address has had three denials, its clients are not asked about.
struct FakeDenials : DenialLimitInterface {
  bool IsReached() override { return count >= 3; }
  void OnDenial() override { ++count; }
  int count = 0;
};
struct FullOfAnonymous : AnonymousLimitInterface {
  bool LetInAnonymous() override { return false; }
};
constexpr char kFresh[] = "fresh";
struct FakeNonces : ClientNoncesInterface {
  std::string Make(absl::Time) const override { return kFresh; }
  bool IsFresh(ByteView nonce, absl::Time) const override {
    return AsString(nonce) == kFresh;
  }
};
struct FakeDecisions : DecisionObserverInterface {
  bool IsListening() const override { return true; }
  void OnDecision(const Decision&) override {}
};

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

// What a session is made with: bits of the first step's argument, of which the
// lowest means something else. The highest turns the three before it on.
struct SetUp {
  explicit SetUp(const std::vector<Step>& steps) {
    if (steps.empty() || !steps[0].has_bytes()) return;
    const uint8_t bits = steps[0].argument;
    if (bits < 16) return;
    is_public = (bits & 2) != 0;
    gives_nonces = (bits & 4) != 0;
    is_strict = (bits & 8) != 0;
  }

  bool rechecks() const { return gives_nonces || is_strict; }
  std::string refused_characters() const { return is_strict ? "x" : ""; }
  bool is_full() const { return is_public && is_strict && gives_nonces; }

  // Grants are for whoever has no token.
  bool is_public = false;
  // The session gives out client-nonces; narrow grants have none.
  bool gives_nonces = false;
  // All that a listener can demand, and that a broker is told.
  bool is_strict = false;
};

class Driver {
 public:
  explicit Driver(const SetUp& set_up)
      : set_up_(set_up),
        broker_(true, set_up.refused_characters(), &checks_, &answers_),
        client_(false, set_up.refused_characters(), &checks_, &answers_) {
    settings_.max_packet_size = 4096;
    settings_.max_held_publish = kMaxHeldPublish;
    settings_.max_held_bytes = kMaxHeldBytes;
    Context context;
    if (set_up_.gives_nonces) {
      settings_.as_hint = R"({"AS":"a"})";
      context.client_nonces = &nonces_;
    }
    if (set_up_.is_strict) {
      settings_.hide_topics = true;
      settings_.v5_username_token = true;
      settings_.bind_client_id = true;
      settings_.refused_topic_characters = set_up_.refused_characters();
      settings_.reauthentication_grace = absl::Seconds(30);
      settings_.upstream_username = "${subject}/${client_id}";
      settings_.upstream_password = SecretString("p");
      context.denials = &denials_;
    }
    if (set_up_.is_full()) context.anonymous = &full_;
    context.settings = &settings_;
    context.tls = &tls_;
    context.random = &random_;
    context.counters = &counters_;
    context.observer = &observer_;
    live_policy_.is_followed = true;
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

  void Open(mqtt::ProtocolVersion version) {
    ConnectParts parts;
    parts.version = version;
    if (version == mqtt::ProtocolVersion::kV5) {
      if (!set_up_.is_public) {
        parts.properties = AceProperties(TokenAndProof("T", "P"));
      }
      parts.properties += std::string("\x22\x00\x05", 3);  // aliases up to 5
    } else if (!set_up_.is_public) {
      parts.username = "aceVA";
      parts.password = "P";
    }
    ClientBytes(ConnectPacket(parts));
    Finish();
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
    absl::StatusOr<policy::v1::AuthenticateResponse> answer;
    if (argument % 4 == 3) {
      answer = absl::UnavailableError("");
    } else {
      answer.emplace();
      if (argument % 4 == 1) *answer = UndecidedAnswer(argument / 4 % 2 == 0);
      if (argument % 4 == 2) answer->mutable_denial();
      if (argument % 4 == 0) {
        const GrantModel grant = MakeGrantModel(argument / 4 % 2 == 0);
        *answer->mutable_grant() = grant.ToProto();
        // A grant that comes after its revocation opens nothing.
        if (first && back == 0 && !granted_ && !IsRevoked() && IsFresh(grant)) {
          granted_ = true;
          grant_ = grant;
        }
      }
    }
    session_->OnAuthenticateAnswer(id, answer, now_, &effects_);
    Require(first || effects_.empty());
    FollowGrant();
  }

  policy::v1::AuthenticateResponse UndecidedAnswer(bool first) const {
    policy::v1::AuthenticateResponse answer;
    if (set_up_.gives_nonces) {
      answer.mutable_token_nonce()->set_cnonce(first ? kFresh : "stale");
    } else if (first) {
      answer.mutable_challenge_required();
    } else {
      answer.mutable_user_name_wanted();
    }
    return answer;
  }

  bool IsRevoked() const {
    return !live_policy_.revocations.empty() && !set_up_.is_public;
  }

  bool IsFresh(const GrantModel& grant) const {
    return !set_up_.gives_nonces || set_up_.is_public ||
           grant.client_nonce == kFresh;
  }

  GrantModel MakeGrantModel(bool wide) {
    GrantModel grant;
    grant.wide = wide;
    grant.is_public = set_up_.is_public;
    grant.expires_at = now_ + (wide ? absl::Hours(1) : absl::Minutes(5));
    if (wide && grant.is_public) grant.expires_at = absl::InfiniteFuture();
    if (set_up_.rechecks()) grant.recheck_after = absl::Minutes(1);
    if (wide) grant.client_nonce = kFresh;
    grant.token_id = absl::StrCat(grants_.size());
    return grants_[grant.token_id] = grant;
  }

  // The session says which grant is in force; what that allows is the model's.
  void FollowGrant() {
    policy::v1::SessionInfo info;
    if (!session_->Describe(&info)) return;
    if (info.token_id() == grant_.token_id) return;
    const auto found = grants_.find(info.token_id());
    Require(found != grants_.end());
    grant_ = found->second;
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
    policy::v1::Revocation revocation;
    revocation.set_name("r");
    revocation.set_subject(GrantModel::kSubject);
    live_policy_.revocations.Add(revocation);
    session_->OnRevocations(now_, &effects_);
    revoked_ = granted_ && IsRevoked();
  }

  void ChangePolicy(uint8_t argument) {
    live_policy_.version = std::string(1, static_cast<char>(argument));
    ++live_policy_.version_changes;
    session_->OnPolicyVersion(now_, &effects_);
  }

  // Bits of `argument`: one for the answer, then which question, counted from
  // the last one.
  void StoreAnswers(uint8_t argument) {
    const size_t back = argument / 2;
    if (store_ids_.size() <= back) return;
    const uint64_t id = store_ids_[store_ids_.size() - 1 - back];
    const bool first = open_stores_.erase(id) == 1;
    policy::v1::StoreTokenResponse answer;
    if (argument % 2 == 1) {
      answer.mutable_denial();
    } else if (set_up_.gives_nonces && back == 0) {
      answer.mutable_token_nonce()->set_cnonce(kFresh);
    } else {
      answer.mutable_stored()->set_cnonce(kFresh);
    }
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
        version_ =
            effects_.authenticate(effect).connection().protocol_version() ==
                    policy::v1::PROTOCOL_VERSION_MQTT_5_0
                ? mqtt::ProtocolVersion::kV5
                : mqtt::ProtocolVersion::kV311;
        break;
      case Effect::Kind::kStoreToken:
        store_ids_.push_back(effect.request_id);
        Require(open_stores_.insert(effect.request_id).second);
        break;
      case Effect::Kind::kCheck:
        Require(granted_);
        checks_.Ask(effect.request_id, effects_.check(effect),
                    from_broker_now_);
        break;
      case Effect::Kind::kClose:
        closed_ = true;
        break;
      case Effect::Kind::kConnectUpstream:
        Require(granted_ && !set_up_.is_full());
        break;
      case Effect::Kind::kSetTimer:
      case Effect::Kind::kClearTimer:
        break;
    }
  }

  mqtt::ProtocolVersion Version() const { return version_; }

  const SetUp set_up_;
  Settings settings_;
  FakeDenials denials_;
  FullOfAnonymous full_;
  FakeNonces nonces_;
  FakeTls tls_;
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
  std::map<std::string, GrantModel> grants_;  // by token_id
  GrantModel grant_;                          // in force
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
