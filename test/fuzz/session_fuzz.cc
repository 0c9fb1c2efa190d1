// A session under any sequence of client bytes, broker bytes, policy answers
// and time. What must hold whatever comes:
//  - nothing goes to the broker before the grant, and nothing after kClose;
//  - the broker gets whole packets only, the first is the one CONNECT, and no
//    PUBLISH or SUBSCRIBE outside the grant;
//  - the client gets whole packets only, and no PUBLISH outside the grant;
//  - nothing that an enforced rule stands against gets through.
//
// Input: a sequence of steps, each an opcode byte, for byte strings followed by
// a length byte and the bytes. Opcode 0 opens the session with a fixed grant,
// so that the fuzzer need not find the way.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "absl/strings/string_view.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/subscribe.h"
#include "proxy/mqtt/topic.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/mqtt/unsubscribe.h"
#include "proxy/session/session.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {
namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

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

// Of every grant.
constexpr char kSecret[] = "a/s/#";   // denied
constexpr char kLimited[] = "a/l/#";  // by the next two; no RETAIN, no Will
constexpr uint8_t kMaxQos = 1;
constexpr size_t kMaxPayload = 4;
constexpr char kRated[] = "b";
constexpr int kPublishesPerSecond = 3;
constexpr size_t kMaxSubscriptions = 3;

void AddRules(policy::v1::Grant* grant) {
  const auto add = [grant](const char* name, const char* filter) {
    policy::v1::Rule* rule = grant->add_rules();
    rule->set_name(name);
    rule->set_publish(true);
    rule->set_subscribe(true);
    if (filter != nullptr) rule->add_topic_filters(filter);
    return rule;
  };
  add("secret", kSecret)->mutable_deny();
  policy::v1::Limits* limits = add("limited", kLimited)->mutable_limits();
  limits->set_max_qos(kMaxQos);
  limits->set_no_retain(true);
  limits->set_no_will(true);
  limits->set_max_payload_bytes(kMaxPayload);
  add("rated", kRated)
      ->mutable_limits()
      ->set_max_publishes_per_second(kPublishesPerSecond);
  add("subscriptions", nullptr)
      ->mutable_limits()
      ->set_max_subscriptions(kMaxSubscriptions);
  policy::v1::Rule* shadow = add("shadow", "a/x");
  shadow->set_shadow(true);
  shadow->mutable_deny();
}

// One direction's packets, checked with the codec's one-filter functions and
// not with what the session uses.
class Outlet {
 public:
  Outlet(bool to_broker) : to_broker_(to_broker) {}

  // `seconds`: since the beginning.
  void Take(ByteView bytes, mqtt::ProtocolVersion version, double seconds) {
    seconds_ = seconds;
    while (!bytes.empty()) {
      const mqtt::UnframeResult result = mqtt::Unframe(bytes, 268435460);
      Require(result.kind == mqtt::UnframeResult::Kind::kFrame);
      Check(result.frame, version);
      bytes.remove_prefix(result.frame.whole.size());
      ++packets_;
    }
  }

 private:
  void Check(const mqtt::Frame& frame, mqtt::ProtocolVersion version) {
    if (to_broker_) {
      Require((frame.type == mqtt::PacketType::kConnect) == (packets_ == 0));
    }
    if (to_broker_ && frame.type == mqtt::PacketType::kConnect) {
      CheckWill(frame);
    } else if (to_broker_ && frame.type == mqtt::PacketType::kUnsubscribe) {
      const auto unsubscribe = mqtt::ParseUnsubscribe(frame, version);
      Require(unsubscribe.ok());
      for (absl::string_view filter : unsubscribe->filters) {
        subscriptions_.erase(std::string(filter));
      }
    } else if (frame.type == mqtt::PacketType::kPublish) {
      const auto publish = mqtt::ParsePublish(
          frame, version,
          to_broker_ ? mqtt::Sender::kClient : mqtt::Sender::kServer);
      Require(publish.ok());
      std::string topic(publish->topic);
      if (publish->topic_alias != 0) {
        std::string& alias = aliases_[publish->topic_alias];
        if (!topic.empty()) alias = topic;
        topic = alias;
      }
      Require(!topic.empty());
      Require(mqtt::TopicMatches("a/#", topic) || topic == "b");
      Require(!mqtt::TopicMatches(kSecret, topic));
      if (to_broker_) CheckLimits(*publish, topic);
    } else if (to_broker_ && frame.type == mqtt::PacketType::kSubscribe) {
      const auto subscribe = mqtt::ParseSubscribe(frame, version);
      Require(subscribe.ok());
      for (const mqtt::SubscribeEntry& entry : subscribe->entries) {
        const absl::string_view filter = mqtt::WithoutShare(entry.filter);
        Require(mqtt::FilterIsSubset(filter, "a/#") ||
                mqtt::FilterIsSubset(filter, "b"));
        Require(!mqtt::FiltersOverlap(filter, kSecret));
        Require(!mqtt::FiltersOverlap(filter, kLimited) ||
                (entry.options & 0x03) <= kMaxQos);
        subscriptions_.insert(std::string(entry.filter));
      }
      Require(subscriptions_.size() <= kMaxSubscriptions);
    }
  }

  void CheckWill(const mqtt::Frame& frame) {
    const auto connect = mqtt::ParseConnect(frame);
    Require(connect.ok());
    if (!connect->will.has_value()) return;
    Require(!mqtt::TopicMatches(kSecret, connect->will->topic));
    Require(!mqtt::TopicMatches(kLimited, connect->will->topic));
  }

  void CheckLimits(const mqtt::Publish& publish, absl::string_view topic) {
    if (mqtt::TopicMatches(kLimited, topic)) {
      Require(publish.qos <= kMaxQos && !publish.retain);
      Require(publish.payload.size() <= kMaxPayload);
    }
    if (topic == kRated) {
      ++rated_;
      Require(rated_ <= kPublishesPerSecond * (1 + seconds_));
    }
  }

  const bool to_broker_;
  double seconds_ = 0;
  int rated_ = 0;  // messages to kRated
  std::set<std::string> subscriptions_;
  size_t packets_ = 0;
  std::map<uint16_t, std::string> aliases_;
};

class Driver {
 public:
  Driver() : broker_(true), client_(false) {
    settings_.max_packet_size = 4096;
    Context context;
    context.settings = &settings_;
    context.tls = &tls_;
    context.random = &random_;
    context.counters = &counters_;
    context.observer = &observer_;
    context.live_policy = &live_policy_;
    session_ = std::make_unique<Session>(std::move(context));
    session_->Start(now_, &effects_);
    Finish();
  }

  void Run(ByteView input) {
    while (!input.empty()) {
      const uint8_t opcode = input[0];
      input.remove_prefix(1);
      ByteView bytes;
      if (opcode % 8 <= 2 && !input.empty()) {
        const size_t length = std::min<size_t>(input[0], input.size() - 1);
        bytes = input.subspan(1, length);
        input.remove_prefix(1 + length);
      }
      Step(opcode % 8, opcode / 8, bytes);
    }
  }

 private:
  void Step(uint8_t opcode, uint8_t argument, ByteView bytes) {
    switch (opcode) {
      case 0:
        Open(argument % 2 == 0 ? mqtt::ProtocolVersion::kV5
                               : mqtt::ProtocolVersion::kV311);
        break;
      case 1:
        ClientBytes(AsString(bytes));
        break;
      case 2:
        BrokerBytes(AsString(bytes));
        break;
      case 3:
        PolicyAnswers(argument);
        break;
      case 4:
        session_->OnUpstreamConnected(now_, &effects_);
        break;
      case 5:
        now_ += absl::Seconds(argument * argument);
        session_->OnTimer(now_, &effects_);
        break;
      case 6:
        if (argument == 1) session_->OnUpstreamClosed(now_, &effects_);
        if (argument == 2) session_->OnClientClosed(now_, &effects_);
        if (argument == 3) session_->OnDrain(now_, &effects_);
        if (argument == 4) Revoke();
        if (argument == 5) session_->OnPolicyOutage(now_, &effects_);
        if (argument > 5) ChangePolicy(argument);
        break;
      case 7:
        StoreAnswers(argument);
        break;
    }
    Finish();
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

  void ClientBytes(absl::string_view bytes) {
    client_rest_.append(bytes.data(), bytes.size());
    const size_t used =
        session_->OnClientBytes(AsBytes(client_rest_), now_, &effects_);
    Require(used <= client_rest_.size());
    Finish();
    client_rest_.erase(0, used);
  }

  void BrokerBytes(absl::string_view bytes) {
    broker_rest_.append(bytes.data(), bytes.size());
    const size_t used =
        session_->OnBrokerBytes(AsBytes(broker_rest_), now_, &effects_);
    Require(used <= broker_rest_.size());
    Finish();
    broker_rest_.erase(0, used);
  }

  void PolicyAnswers(uint8_t argument) {
    if (request_id_ == 0) return;
    absl::StatusOr<policy::v1::AuthenticateResponse> answer;
    if (argument % 4 == 3) {
      answer = absl::UnavailableError("");
    } else {
      answer.emplace();
      if (argument % 4 == 2) answer->mutable_denial();
      if (argument % 4 == 0) {
        *answer->mutable_grant() =
            MakeGrant(now_ + absl::Hours(1), {"pubsub a/#", "pubsub b"});
        AddRules(answer->mutable_grant());
        answer->mutable_grant()->set_token_id("jti");
        answer->mutable_grant()->set_policy_version("1");
        // A grant that comes after its revocation opens nothing.
        granted_ = granted_ || live_policy_.revocations.empty();
      }
    }
    session_->OnAuthenticateAnswer(request_id_, answer, now_, &effects_);
  }

  // Every grant of PolicyAnswers() has this token_id.
  void Revoke() {
    policy::v1::Revocation revocation;
    revocation.set_name("r");
    revocation.set_token_id("jti");
    live_policy_.revocations.Add(revocation);
    session_->OnRevocations(now_, &effects_);
    revoked_ = granted_;
  }

  void ChangePolicy(uint8_t argument) {
    live_policy_.version = std::string(1, static_cast<char>(argument));
    ++live_policy_.version_changes;
    session_->OnPolicyVersion(now_, &effects_);
  }

  void StoreAnswers(uint8_t argument) {
    policy::v1::StoreTokenResponse answer;
    if (argument % 2 == 0) {
      answer.mutable_stored();
    } else {
      answer.mutable_denial();
    }
    session_->OnStoreTokenAnswer(store_id_, answer, now_, &effects_);
  }

  void Finish() {
    for (const Effect& effect : effects_.list()) {
      Require(!closed_);
      switch (effect.kind) {
        case Effect::Kind::kSendToClient:
          client_.Take(effects_.bytes(effect), Version(), Seconds());
          break;
        case Effect::Kind::kSendToBroker:
          Require(granted_);
          broker_.Take(effects_.bytes(effect), Version(), Seconds());
          break;
        case Effect::Kind::kAuthenticate:
          request_id_ = effect.request_id;
          version_ =
              effects_.authenticate(effect).connection().protocol_version() ==
                      policy::v1::PROTOCOL_VERSION_MQTT_5_0
                  ? mqtt::ProtocolVersion::kV5
                  : mqtt::ProtocolVersion::kV311;
          break;
        case Effect::Kind::kStoreToken:
          store_id_ = effect.request_id;
          break;
        case Effect::Kind::kCheck:
          Require(false);  // no rule asks a checker
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
    effects_.Clear();
    Require(closed_ == session_->is_closed());
    Require(closed_ || !revoked_);
  }

  mqtt::ProtocolVersion Version() const { return version_; }
  double Seconds() const { return absl::ToDoubleSeconds(now_ - start_); }

  Settings settings_;
  FakeTls tls_;
  FakeRandom random_;
  FakeObserver observer_;
  LivePolicy live_policy_;
  Counters counters_;
  Effects effects_;
  const absl::Time start_ = absl::FromUnixSeconds(1800000000);
  absl::Time now_ = start_;
  std::unique_ptr<Session> session_;
  Outlet broker_;
  Outlet client_;
  std::string client_rest_;
  std::string broker_rest_;
  mqtt::ProtocolVersion version_ = mqtt::ProtocolVersion::kV5;
  uint64_t request_id_ = 0;
  uint64_t store_id_ = 0;
  bool granted_ = false;
  bool revoked_ = false;
  bool closed_ = false;
};

}  // namespace
}  // namespace sluice::session

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::session::Driver driver;
  driver.Run(sluice::ByteView(data, size));
  return 0;
}
