// The codec's part of the hot path: unframe and parse one PUBLISH, and what
// judges its topic.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/topic.h"
#include "proxy/mqtt/unframer.h"
#include "proxy/mqtt/utf8.h"
#include "proxy/mqtt/writer.h"

namespace sluice::mqtt {
namespace {

constexpr size_t kNoLimit = 268435455;
constexpr absl::string_view kTopic = "plant/7/line/12/sensor/temperature";

std::string PublishOf(ProtocolVersion version, uint8_t qos,
                      absl::string_view properties) {
  const std::string payload(64, 'p');
  Publish publish;
  publish.topic = kTopic;
  publish.qos = qos;
  publish.packet_id = qos == 0 ? 0 : 1;
  publish.properties = Properties::Unchecked(AsBytes(properties));
  publish.payload = AsBytes(payload);
  std::string packet;
  AppendPublish(version, publish, &packet);
  return packet;
}

void Run(benchmark::State& state, ProtocolVersion version,
         const std::string& packet) {
  for (auto _ : state) {
    ByteView input = AsBytes(packet);
    benchmark::DoNotOptimize(input);
    const UnframeResult unframed = Unframe(input, kNoLimit);
    auto publish = ParsePublish(unframed.frame, version, Sender::kClient);
    if (!publish.ok()) state.SkipWithError("refused");
    benchmark::DoNotOptimize(publish);
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(packet.size()));
}

void BM_PublishV5Qos0(benchmark::State& state) {
  Run(state, ProtocolVersion::kV5, PublishOf(ProtocolVersion::kV5, 0, ""));
}
BENCHMARK(BM_PublishV5Qos0);

void BM_PublishV5Qos1WithProperties(benchmark::State& state) {
  std::string properties;
  AppendU16Property(PropertyId::kTopicAlias, 7, &properties);
  AppendU32Property(PropertyId::kMessageExpiryInterval, 60, &properties);
  AppendUserProperty("unit", "celsius", &properties);
  Run(state, ProtocolVersion::kV5,
      PublishOf(ProtocolVersion::kV5, 1, properties));
}
BENCHMARK(BM_PublishV5Qos1WithProperties);

void BM_PublishV311Qos0(benchmark::State& state) {
  Run(state, ProtocolVersion::kV311, PublishOf(ProtocolVersion::kV311, 0, ""));
}
BENCHMARK(BM_PublishV311Qos0);

void BM_Unframe(benchmark::State& state) {
  const std::string packet = PublishOf(ProtocolVersion::kV5, 0, "");
  for (auto _ : state) {
    ByteView input = AsBytes(packet);
    benchmark::DoNotOptimize(input);
    UnframeResult unframed = Unframe(input, kNoLimit);
    benchmark::DoNotOptimize(unframed);
  }
}
BENCHMARK(BM_Unframe);

void Scan(benchmark::State& state, absl::string_view text) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(text);
    Utf8Scan scan = ScanUtf8(text);
    benchmark::DoNotOptimize(scan);
  }
  state.SetBytesProcessed(state.iterations() *
                          static_cast<int64_t>(text.size()));
}

void BM_Utf8Topic(benchmark::State& state) { Scan(state, kTopic); }
BENCHMARK(BM_Utf8Topic);

void BM_Utf8Ascii4096(benchmark::State& state) {
  Scan(state, std::string(4096, 'x'));
}
BENCHMARK(BM_Utf8Ascii4096);

void BM_Utf8MultiByte4096(benchmark::State& state) {
  std::string text;
  while (text.size() + 4 <= 4096) text += "\xe2\x82\xac\x61";
  Scan(state, text);
}
BENCHMARK(BM_Utf8MultiByte4096);

void BM_TopicMatches(benchmark::State& state, absl::string_view filter) {
  absl::string_view topic = kTopic;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filter);
    benchmark::DoNotOptimize(topic);
    bool matches = TopicMatches(filter, topic);
    benchmark::DoNotOptimize(matches);
  }
}
BENCHMARK_CAPTURE(BM_TopicMatches, literal, kTopic);
BENCHMARK_CAPTURE(BM_TopicMatches, single_level,
                  "plant/+/line/+/sensor/temperature");
BENCHMARK_CAPTURE(BM_TopicMatches, multi_level, "plant/7/#");
BENCHMARK_CAPTURE(BM_TopicMatches, mismatch, "plant/8/#");

}  // namespace
}  // namespace sluice::mqtt
