#ifndef TEST_BENCH_OPEN_SESSION_H_
#define TEST_BENCH_OPEN_SESSION_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "proxy/session/session.h"
#include "test/proxy/session/session_harness.h"

namespace sluice::session {

struct NoTls : TlsChannelInterface {
  bool IsResumed() const override { return false; }
  std::string PeerCertificate() const override { return ""; }
  std::string PreSharedKeyId() const override { return ""; }
  std::vector<std::array<uint8_t, 32>> ExportKeyingMaterial(
      absl::string_view) const override {
    return {};
  }
};
struct NoRandom : RandomInterface {
  void Fill(absl::Span<uint8_t> out) override {
    for (uint8_t& byte : out) byte = 7;
  }
};
struct NoObserver : ObserverInterface {
  void OnEvent(const Event&) override {}
};

// A session that is open, without the harness's bookkeeping.
class OpenSession {
 public:
  OpenSession(mqtt::ProtocolVersion version, int filters, int rules = 0,
              absl::string_view scope = "pub a/+") {
    Context context;
    context.settings = &settings_;
    context.tls = &tls_;
    context.random = &random_;
    context.counters = &counters_;
    context.observer = &observer_;
    live_policy_.is_followed = true;
    context.live_policy = &live_policy_;
    session_ = std::make_unique<Session>(std::move(context));
    session_->Start(now_, &effects_);
    ConnectParts parts;
    parts.version = version;
    session_->OnClientBytes(AsBytes(ConnectPacket(parts)), now_, &effects_);
    policy::v1::AuthenticateResponse response;
    *response.mutable_grant() =
        MakeGrant(now_ + absl::Hours(1), {scope, "sub b/+"});
    for (int i = 1; i < filters; ++i) {
      policy::v1::Permission* permission =
          response.mutable_grant()->add_permissions();
      permission->set_topic_filter(absl::StrCat("plant/", i, "/+/state"));
      permission->set_publish(true);
    }
    for (int i = 0; i < rules; ++i) {
      policy::v1::Rule rule;
      rule.set_name(absl::StrCat("rules/", i));
      rule.set_publish(true);
      rule.add_topic_filters("a/#");
      rule.mutable_limits()->set_max_payload_bytes(1000);
      response.mutable_grant()->add_rules(rule.SerializeAsString());
    }
    session_->OnAuthenticateAnswer(1, response, now_, &effects_);
    session_->OnUpstreamConnected(now_, &effects_);
    const absl::string_view aliases("\x22\x00\x05", 3);  // up to 5
    session_->OnBrokerBytes(
        AsBytes(ConnackPacket(version, 0,
                              version == mqtt::ProtocolVersion::kV5
                                  ? aliases
                                  : absl::string_view())),
        now_, &effects_);
    effects_.Clear();
  }

  // From the client, and from the broker; how many effects came of it.
  size_t Feed(const std::string& bytes) {
    session_->OnClientBytes(AsBytes(bytes), now_, &effects_);
    return TakeEffects();
  }
  size_t FeedFromBroker(const std::string& bytes) {
    session_->OnBrokerBytes(AsBytes(bytes), now_, &effects_);
    return TakeEffects();
  }

 private:
  size_t TakeEffects() {
    const size_t effects = effects_.list().size();
    effects_.Clear();
    return effects;
  }

  Settings settings_;
  NoTls tls_;
  NoRandom random_;
  NoObserver observer_;
  LivePolicy live_policy_;
  Counters counters_;
  Effects effects_;
  absl::Time now_ = absl::FromUnixSeconds(1800000000);
  std::unique_ptr<Session> session_;
};

}  // namespace sluice::session

#endif  // TEST_BENCH_OPEN_SESSION_H_
