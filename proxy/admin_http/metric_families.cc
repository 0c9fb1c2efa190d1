#include "proxy/admin_http/metric_families.h"

#include <cstddef>
#include <limits>
#include <sstream>
#include <utility>

#include "prometheus/text_serializer.h"
#include "proxy/base/version.h"

namespace sluice {

using ::prometheus::ClientMetric;
using ::prometheus::MetricFamily;
using ::prometheus::MetricType;

MetricFamily Family(const char* name, const char* help, MetricType type) {
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  return family;
}

ClientMetric CounterOf(MetricLabels labels, uint64_t value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.counter.value = static_cast<double>(value);
  return metric;
}

ClientMetric GaugeOf(MetricLabels labels, double value) {
  ClientMetric metric;
  metric.label = std::move(labels);
  metric.gauge.value = value;
  return metric;
}

ClientMetric HistogramOf(MetricLabels labels,
                         const std::vector<const DurationHistogram*>& parts) {
  ClientMetric metric;
  metric.label = std::move(labels);
  uint64_t cumulated = 0;
  for (size_t i = 0; i < DurationHistogram::kBuckets; ++i) {
    for (const DurationHistogram* part : parts) cumulated += part->count(i);
    ClientMetric::Bucket& bucket = metric.histogram.bucket.emplace_back();
    bucket.cumulative_count = cumulated;
    bucket.upper_bound = i < DurationHistogram::kBounds.size()
                             ? DurationHistogram::kBounds[i]
                             : std::numeric_limits<double>::infinity();
  }
  metric.histogram.sample_count = cumulated;
  for (const DurationHistogram* part : parts) {
    metric.histogram.sample_sum += part->sum_seconds();
  }
  return metric;
}

MetricFamily SingleCounter(const char* name, const char* help, uint64_t value) {
  MetricFamily family = Family(name, help, MetricType::Counter);
  family.metric.push_back(CounterOf({}, value));
  return family;
}

MetricFamily SingleGauge(const char* name, const char* help, double value) {
  MetricFamily family = Family(name, help, MetricType::Gauge);
  family.metric.push_back(GaugeOf({}, value));
  return family;
}

MetricFamily SingleHistogram(
    const char* name, const char* help,
    const std::vector<const DurationHistogram*>& parts) {
  MetricFamily family = Family(name, help, MetricType::Histogram);
  family.metric.push_back(HistogramOf({}, parts));
  return family;
}

MetricFamily Flag(const char* name, const char* help, bool value) {
  return SingleGauge(name, help, value ? 1 : 0);
}

MetricFamily BuildInfo(const char* name) {
  MetricFamily family =
      Family(name, "Always 1; the version is a label.", MetricType::Gauge);
  family.metric.push_back(GaugeOf({{"version", kVersion}}, 1));
  return family;
}

std::string MetricsText(const std::vector<MetricFamily>& families) {
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return text.str();
}

}  // namespace sluice
