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
//  - questions that are open, bytes that wait and bytes that one input makes
//    are bounded.
//
// The input is a sequence of steps (session_steps.h), which session_mutator.cc
// changes.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proto/timestamp.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/session/session.h"
#include "test/fuzz/session_model.h"
#include "test/fuzz/session_steps.h"
#include "test/proxy/session/session_harness.h"

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
struct FakeDecisions : DecisionObserverInterface {
  bool IsListening() const override { return true; }
  void OnDecision(const Decision&) override {}
};

// Whatever one input is, it makes no more than this of it.
// Answers may have waited for the end of a large PUBLISH.
constexpr size_t kMaxAnswerBytes = 128 * 1024;
constexpr size_t kMaxBytesPerByte = 32;
// Of questions that are open at once.
constexpr size_t kMaxOpenChecks = 8;
constexpr size_t kMaxOpenStores = 4;

class Driver {
 public:
  Driver()
      : broker_(true, &checks_, &answers_),
        client_(false, &checks_, &answers_) {
    settings_.max_packet_size = 4096;
    settings_.max_held_publish = kMaxHeldPublish;
    settings_.max_held_bytes = kMaxHeldBytes;
    Context context;
    context.settings = &settings_;
    context.tls = &tls_;
    context.random = &random_;
    context.counters = &counters_;
    context.observer = &observer_;
    live_policy_.is_followed = true;
    context.live_policy = &live_policy_;
    context.recorder = &recorder_;
    session_ = std::make_unique<Session>(std::move(context));
    session_->Start(now_, &effects_);
    Finish();
  }

  void Run(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
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
      parts.properties = AceProperties(TokenAndProof("T", "P")) +
                         std::string("\x22\x00\x05", 3);  // aliases up to 5
    } else {
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
    input_size_ = broker_rest_.size();
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
  // narrow, then two for which question, counted from the last one.
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
      if (argument % 4 == 2) answer->mutable_denial();
      if (argument % 4 == 0) {
        const GrantModel grant = MakeGrantModel(argument / 4 % 2 == 0);
        *answer->mutable_grant() = grant.ToProto();
        // A grant that comes after its revocation opens nothing.
        if (first && back == 0 && !granted_ &&
            live_policy_.revocations.empty()) {
          granted_ = true;
          grant_ = grant;
        }
      }
    }
    session_->OnAuthenticateAnswer(id, answer, now_, &effects_);
    Require(first || effects_.empty());
    FollowGrant();
  }

  GrantModel MakeGrantModel(bool wide) {
    GrantModel grant;
    grant.wide = wide;
    grant.expires_at = now_ + (wide ? absl::Hours(1) : absl::Minutes(5));
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
    revoked_ = granted_;
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
    if (argument % 2 == 0) {
      answer.mutable_stored();
    } else {
      answer.mutable_denial();
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
        checks_.Ask(effect.request_id, effects_.check(effect));
        break;
      case Effect::Kind::kClose:
        closed_ = true;
        break;
      case Effect::Kind::kConnectUpstream:
        Require(granted_);
        break;
      case Effect::Kind::kSetTimer:
      case Effect::Kind::kClearTimer:
        break;
    }
  }

  mqtt::ProtocolVersion Version() const { return version_; }

  Settings settings_;
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
  std::vector<uint64_t> request_ids_;
  std::set<uint64_t> answered_;  // of request_ids_
  std::vector<uint64_t> store_ids_;
  std::set<uint64_t> open_stores_;
  uint64_t last_checked_ = 0;
  bool granted_ = false;
  bool revoked_ = false;
  bool closed_ = false;
};

}  // namespace
}  // namespace sluice::session

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::session::Driver driver;
  driver.Run(sluice::session::ReadSteps(sluice::ByteView(data, size)));
  return 0;
}
