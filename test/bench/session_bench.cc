// What judging costs: unframe + judge + forward of a PUBLISH, and matching in
// grants of growing size. `allocs` is heap allocations an iteration.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proxy/session/filter_set.h"
#include "proxy/session/session.h"
#include "test/proxy/session/session_harness.h"
#include "test/testing/allocation_counter.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;

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
  OpenSession(ProtocolVersion version, int filters, int rules = 0) {
    Context context;
    context.settings = &settings_;
    context.tls = &tls_;
    context.random = &random_;
    context.counters = &counters_;
    context.observer = &observer_;
    context.live_policy = &live_policy_;
    session_ = std::make_unique<Session>(std::move(context));
    session_->Start(now_, &effects_);
    ConnectParts parts;
    parts.version = version;
    session_->OnClientBytes(AsBytes(ConnectPacket(parts)), now_, &effects_);
    policy::v1::AuthenticateResponse response;
    *response.mutable_grant() = MakeGrant(now_ + absl::Hours(1), {"pub a/+"});
    for (int i = 1; i < filters; ++i) {
      policy::v1::Permission* permission =
          response.mutable_grant()->add_permissions();
      permission->set_topic_filter(absl::StrCat("plant/", i, "/+/state"));
      permission->set_publish(true);
    }
    for (int i = 0; i < rules; ++i) {
      policy::v1::Rule* rule = response.mutable_grant()->add_rules();
      rule->set_name(absl::StrCat("rules/", i));
      rule->set_publish(true);
      rule->add_topic_filters("a/#");
      rule->mutable_limits()->set_max_payload_bytes(1000);
    }
    session_->OnAuthenticateAnswer(1, response, now_, &effects_);
    session_->OnUpstreamConnected(now_, &effects_);
    session_->OnBrokerBytes(AsBytes(ConnackPacket(version, 0)), now_,
                            &effects_);
    effects_.Clear();
  }

  size_t Feed(const std::string& bytes) {
    session_->OnClientBytes(AsBytes(bytes), now_, &effects_);
    const size_t effects = effects_.list().size();
    effects_.Clear();
    return effects;
  }

 private:
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

void RunPublishes(benchmark::State& state, OpenSession* session,
                  const std::string& bytes, int packets) {
  session->Feed(bytes);  // the topic cache and the effects' capacity
  const uint64_t before = testing::Allocations();
  for (auto _ : state) {
    benchmark::DoNotOptimize(session->Feed(bytes));
  }
  state.counters["allocs"] =
      benchmark::Counter(static_cast<double>(testing::Allocations() - before),
                         benchmark::Counter::kAvgIterations);
  state.SetItemsProcessed(state.iterations() * packets);
}

// One PUBLISH a read.
void BM_PublishQos0(benchmark::State& state) {
  const auto version = static_cast<ProtocolVersion>(state.range(0));
  OpenSession session(version, 10);
  RunPublishes(state, &session,
               PublishPacket(version, "a/sensor", 0, 0, std::string(64, 'x')),
               1);
}
BENCHMARK(BM_PublishQos0)->Arg(4)->Arg(5);

// Many in one read, in one run.
void BM_PublishQos0Run(benchmark::State& state) {
  OpenSession session(ProtocolVersion::kV5, 10);
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    bytes += PublishPacket(ProtocolVersion::kV5, "a/sensor", 0, 0,
                           std::string(64, 'x'));
  }
  RunPublishes(state, &session, bytes, 100);
}
BENCHMARK(BM_PublishQos0Run);

// The same, with rules that each message is judged by.
void BM_PublishUnderLimits(benchmark::State& state) {
  OpenSession session(ProtocolVersion::kV5, 10,
                      static_cast<int>(state.range(0)));
  std::string bytes;
  for (int i = 0; i < 100; ++i) {
    bytes += PublishPacket(ProtocolVersion::kV5, "a/sensor", 0, 0,
                           std::string(64, 'x'));
  }
  RunPublishes(state, &session, bytes, 100);
}
BENCHMARK(BM_PublishUnderLimits)->Arg(1)->Arg(4)->Arg(16);

// Eight topics in turn: more than the cache of judged topics holds.
void BM_PublishUncachedTopic(benchmark::State& state) {
  OpenSession session(ProtocolVersion::kV5, static_cast<int>(state.range(0)));
  std::string bytes;
  for (int i = 0; i < 8; ++i) {
    bytes += PublishPacket(ProtocolVersion::kV5, absl::StrCat("a/sensor", i), 0,
                           0, std::string(64, 'x'));
  }
  RunPublishes(state, &session, bytes, 8);
}
BENCHMARK(BM_PublishUncachedTopic)->Arg(10)->Arg(1000)->Arg(10000);

// The last filter of `range` is the one that matches.
void BM_FilterMatch(benchmark::State& state) {
  FilterSet set;
  for (int i = 0; i < state.range(0); ++i) {
    set.Add(absl::StrCat("plant/", i, "/+/state"));
  }
  const std::string topic =
      absl::StrCat("plant/", state.range(0) - 1, "/pump/state");
  for (auto _ : state) {
    benchmark::DoNotOptimize(set.Matches(topic));
  }
}
BENCHMARK(BM_FilterMatch)->Arg(10)->Arg(1000)->Arg(10000);

}  // namespace
}  // namespace sluice::session
