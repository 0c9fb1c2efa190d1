// What judging costs: unframe + judge + forward of a PUBLISH, and matching in
// grants of growing size. `allocs` is heap allocations an iteration.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proxy/authz/filter_set.h"
#include "proxy/authz/grant.h"
#include "test/bench/open_session.h"
#include "test/proxy/session/session_harness.h"
#include "test/testing/allocation_counter.h"

namespace sluice::session {
namespace {

using mqtt::ProtocolVersion;

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
  authz::FilterSet set;
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

// `#` is granted, under a thousand rules of twenty filters that deny; what they
// are about does not depend on `client`, but for that of one.
policy::v1::Grant GrantUnderManyRules(int client) {
  policy::v1::Grant grant;
  policy::v1::Permission* permission = grant.add_permissions();
  permission->set_topic_filter("#");
  permission->set_publish(true);
  permission->set_subscribe(true);
  for (int i = 0; i < 1000; ++i) {
    policy::v1::Rule rule;
    rule.set_name(absl::StrCat("rules/", i));
    rule.set_publish(true);
    rule.set_subscribe(true);
    for (int j = 0; j < 20; ++j) {
      rule.add_topic_filters(absl::StrCat("plant/", i, "/line/", j, "/#"));
    }
    if (client != 0 && i == 500) {
      rule.add_except_topic_filters(absl::StrCat("plant/500/line/5/", client));
    }
    rule.mutable_deny();
    grant.add_rules(rule.SerializeAsString());
  }
  return grant;
}

// Another client's: with the same rules (0), with one rule of its own (1).
void BM_CompileGrantUnderManyRules(benchmark::State& state) {
  const auto held = authz::Grant::Compile(GrantUnderManyRules(0));
  int client = 0;
  for (auto _ : state) {
    state.PauseTiming();
    client += static_cast<int>(state.range(0));
    const policy::v1::Grant message = GrantUnderManyRules(client);
    state.ResumeTiming();
    benchmark::DoNotOptimize(authz::Grant::Compile(message));
  }
}
BENCHMARK(BM_CompileGrantUnderManyRules)->Arg(0)->Arg(1);

// The first one's.
void BM_CompileManyRules(benchmark::State& state) {
  const policy::v1::Grant message = GrantUnderManyRules(0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(authz::Grant::Compile(message));
  }
}
BENCHMARK(BM_CompileManyRules);

// No rule is about the first three, all are about the others.
void BM_JudgeSubscriptionUnderManyRules(benchmark::State& state) {
  const char* const kFilters[] = {"plant/x/line/7", "plant/+/line/x",
                                  "+/+/+/x/+/+", "plant/+/line/7/x", "plant/#"};
  const auto grant = authz::Grant::Compile(GrantUnderManyRules(0));
  const char* const filter = kFilters[state.range(0)];
  for (auto _ : state) {
    benchmark::DoNotOptimize(grant->JudgeSubscription(filter));
  }
  state.SetLabel(filter);
}
BENCHMARK(BM_JudgeSubscriptionUnderManyRules)->DenseRange(0, 4);

void BM_JudgePublishUnderManyRules(benchmark::State& state) {
  const auto grant = authz::Grant::Compile(GrantUnderManyRules(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(grant->JudgePublish("plant/x/line/7/temperature"));
  }
}
BENCHMARK(BM_JudgePublishUnderManyRules);

}  // namespace
}  // namespace sluice::session
