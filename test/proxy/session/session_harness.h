#ifndef TEST_PROXY_SESSION_SESSION_HARNESS_H_
#define TEST_PROXY_SESSION_SESSION_HARNESS_H_

#include <array>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "proto/sluice/policy/v1/policy.pb.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/session/session.h"
#include "test/proxy/session/packet_stream.h"

namespace sluice::session {

inline constexpr mqtt::ProtocolVersion kV311 = mqtt::ProtocolVersion::kV311;
inline constexpr mqtt::ProtocolVersion kV5 = mqtt::ProtocolVersion::kV5;

// A session with all that it needs, driven by hand: each input returns its
// effects in words, one a line:
//   client CONNACK 87      a packet to the client, with its reason code
//   broker PUBLISH         a packet to the broker
//   broker PUBLISH begins  one of which more is to come, then
//   broker 100 more bytes
//   authenticate, store    a question to the policy service
//   connect                the broker's connection is wanted
//   timer 10s              relative to the harness's clock; "timer off"
//   close
class SessionHarness {
 public:
  using Lines = std::vector<std::string>;

  SessionHarness();

  Settings settings;
  bool tls_resumed = false;
  std::string tls_certificate;
  std::string tls_psk_key_id;
  LivePolicy live_policy;
  // Hints carry a nonce, "fresh" in bytes; so must tokens.
  bool gives_nonces = false;
  // What the address has had; at the limit, it is reached.
  int denials = 0;
  absl::optional<int> denial_limit;
  // How many more clients without a token are let in.
  int room_for_anonymous = 1000;
  // Decisions are recorded, and of the messages that may pass this part.
  absl::optional<double> decision_sample;
  // Keep Alive of the client that Open() lets in, in seconds.
  uint16_t keep_alive = 60;

  // Call before the first input, after `settings` are as wanted.
  Lines Start();

  Lines Client(absl::string_view bytes);
  Lines Broker(absl::string_view bytes);
  Lines Grant(const policy::v1::Grant& grant);
  Lines Deny(policy::v1::Denial::Reason reason);
  Lines Deny(const policy::v1::Denial& denial);
  Lines PolicyWants(policy::v1::AuthenticateResponse::OutcomeCase outcome);
  Lines PolicyAnswers(const policy::v1::AuthenticateResponse& response);
  Lines PolicyFails();
  Lines UpstreamConnected();
  Lines UpstreamClosed();
  Lines ClientClosed();
  // These present then what the client has sent and the session has not taken.
  Lines StoreAnswers(const policy::v1::StoreTokenResponse& response);
  Lines StoreFails(const absl::Status& status);
  Lines Timer();
  // The clock is set, forward or back.
  Lines SetClock(absl::Duration by);
  // Answers the question to a checker that is open the longest, then presents
  // what the client has sent and the session has not taken.
  Lines CheckAnswers(bool allowed, absl::Duration ttl = absl::Minutes(1));
  Lines CheckFails();
  Lines Drain();
  // Told after `live_policy` has been changed.
  Lines RevocationsChanged();
  Lines PolicyVersionChanged();
  Lines DisconnectRequested();
  Lines PolicyOutage();
  Lines Evicted();
  void Advance(absl::Duration duration) { now_ += duration; }
  absl::Time now() const { return now_; }

  // An hour's, to publish and subscribe below "a", and to subscribe to "b".
  // Fixtures that need another have their own.
  policy::v1::Grant AGrant() const;

  // Brings a client to the open state: CONNECT with an exporter proof (v5) or
  // the token in the User Name (v3), `grant`, and the broker's CONNACK with
  // `connack_properties`.
  void Open(mqtt::ProtocolVersion version, const policy::v1::Grant& grant,
            absl::string_view connack_properties = "");
  // A client of MQTT 5.0, with AGrant().
  void Open5(absl::string_view connack_properties = "") {
    Open(kV5, AGrant(), connack_properties);
  }

  // What the last input sent, as bytes.
  const std::string& to_client() const { return to_client_; }
  const std::string& to_broker() const { return to_broker_; }
  // Whether all that the last input sent to the broker aliased its bytes.
  bool broker_got_a_view() const { return broker_got_a_view_; }
  const policy::v1::AuthenticateRequest& asked() const { return asked_; }
  // The last question to a checker.
  const policy::v1::CheckRequest& check_asked() const { return check_asked_; }
  const policy::v1::StoreTokenRequest& store_asked() const {
    return store_asked_;
  }
  const Counters& counters() const { return counters_; }
  uint64_t connects(ConnectOutcome outcome) const {
    return counters_.connects[outcome].value();
  }
  uint64_t decisions(Action action, Verdict verdict) const {
    return counters_.decisions[action][verdict].value();
  }
  uint64_t ends(SessionEnd end) const { return counters_.ends[end].value(); }
  bool is_anonymous() const { return session_->is_anonymous(); }
  const std::vector<std::string>& events() const { return observer_.details; }
  const std::string& event_subject() const { return observer_.subject; }
  // What has been recorded since the last call, a decision a line:
  //   publish denied 87 a/b (outside the scope)
  //   publish denied 87 a/b (rules/x) in shadow
  Lines TakeDecisions() { return std::exchange(decisions_.lines, Lines()); }
  // Of the last one.
  const std::string& decision_id() const { return decisions_.id; }
  const std::string& decision_subject() const { return decisions_.subject; }
  absl::optional<absl::Duration> decision_latency() const {
    return decisions_.latency;
  }
  Session& session() { return *session_; }
  uint64_t request_id() const { return request_id_; }

 private:
  struct FakeTls : TlsChannelInterface {
    bool IsResumed() const override { return resumed; }
    std::string PeerCertificate() const override { return certificate; }
    std::string PreSharedKeyId() const override { return psk_key_id; }
    std::vector<std::array<uint8_t, 32>> ExportKeyingMaterial(
        absl::string_view label) const override;
    bool resumed = false;
    std::string certificate;
    std::string psk_key_id;
  };
  struct FakeRandom : RandomInterface {
    void Fill(absl::Span<uint8_t> out) override;
    uint8_t next = 1;
  };
  // The only nonce that is ever fresh is "fresh".
  struct FakeNonces : ClientNoncesInterface {
    std::string Make(absl::Time) const override { return "fresh"; }
    bool IsFresh(ByteView nonce, absl::Time) const override {
      return AsString(nonce) == "fresh";
    }
  };
  struct FakeDenials : DenialLimitInterface {
    explicit FakeDenials(SessionHarness* harness) : harness_(*harness) {}
    bool IsReached() override {
      return harness_.denial_limit.has_value() &&
             harness_.denials >= *harness_.denial_limit;
    }
    void OnDenial() override { ++harness_.denials; }
    SessionHarness& harness_;
  };
  struct FakeAnonymousLimit : AnonymousLimitInterface {
    explicit FakeAnonymousLimit(SessionHarness* harness) : harness_(*harness) {}
    bool LetInAnonymous() override { return harness_.room_for_anonymous-- > 0; }
    SessionHarness& harness_;
  };
  struct RecordingObserver : ObserverInterface {
    void OnEvent(const Event& event) override;
    std::vector<std::string> details;
    std::string subject;  // of the last one: "subject token"
  };

  struct RecordingDecisions : DecisionObserverInterface {
    bool IsListening() const override { return true; }
    void OnDecision(const Decision& decision) override;
    Lines lines;
    std::string id;
    std::string subject;  // "session client subject issuer token"
    absl::optional<absl::Duration> latency;
  };

  Lines Finish();
  Lines FinishAndPresentRest();
  Lines AnswerCheck(const absl::StatusOr<policy::v1::CheckResponse>& answer);

  FakeTls tls_;
  FakeRandom random_;
  FakeNonces nonces_;
  FakeDenials denials_{this};
  FakeAnonymousLimit anonymous_{this};
  Counters counters_;
  RecordingObserver observer_;
  RecordingDecisions decisions_;
  std::unique_ptr<DecisionRecorder> recorder_;
  absl::Time now_;
  mqtt::ProtocolVersion version_ = kV5;
  std::unique_ptr<Session> session_;
  Effects effects_;
  std::string client_rest_;
  std::string broker_rest_;
  uint64_t request_id_ = 0;
  std::deque<uint64_t> check_ids_;
  policy::v1::CheckRequest check_asked_;
  std::string to_client_;
  std::string to_broker_;
  PacketStream stream_to_client_{0};  // made anew by Start()
  PacketStream stream_to_broker_{0};
  bool broker_got_a_view_ = true;
  policy::v1::AuthenticateRequest asked_;
  policy::v1::StoreTokenRequest store_asked_;
};

// A grant for subject "s", issuer "i", token "t" until `expires_at`.
// Permissions are written "pub a/#", "sub b", "pubsub c".
policy::v1::Grant MakeGrant(absl::Time expires_at,
                            std::initializer_list<absl::string_view>);

// Packets. `properties` is what a Property Length counts; v3 has none.
struct ConnectParts {
  mqtt::ProtocolVersion version = kV5;
  std::string properties;
  std::string client_id = "c";
  uint16_t keep_alive = 60;  // seconds
  absl::optional<std::string> will_topic;
  int will_qos = 0;
  bool will_retain = false;
  absl::optional<std::string> username;
  absl::optional<std::string> password;
};
std::string ConnectPacket(const ConnectParts& parts);
std::string AceProperties(absl::string_view authentication_data);
// With AceProperties() and no others.
std::string AceConnect(absl::string_view authentication_data);
std::string TokenAndProof(absl::string_view token, absl::string_view proof);
std::string ConnackPacket(mqtt::ProtocolVersion version, uint8_t code,
                          absl::string_view properties = "");
std::string PublishPacket(mqtt::ProtocolVersion version,
                          absl::string_view topic, int qos, uint16_t packet_id,
                          absl::string_view payload,
                          absl::string_view properties = "",
                          bool retain = false);
std::string SubscribePacket(mqtt::ProtocolVersion version, uint16_t packet_id,
                            absl::Span<const absl::string_view> filters,
                            absl::string_view properties = "",
                            uint8_t options = 1);
std::string SubackPacket(mqtt::ProtocolVersion version, uint16_t packet_id,
                         std::initializer_list<uint8_t> codes);
// PUBACK, PUBREC, PUBREL or PUBCOMP without a code.
std::string AckPacket(uint8_t first_byte, uint8_t packet_id);
std::string AuthPacket(uint8_t code, absl::string_view data,
                       absl::string_view method = "ace");
// A property, encoded.
std::string TopicAlias(uint16_t alias);
std::string MaximumPacketSize(uint32_t size);

}  // namespace sluice::session

#endif  // TEST_PROXY_SESSION_SESSION_HARNESS_H_
