#ifndef PROXY_ADMIN_HTTP_METRIC_FAMILIES_H_
#define PROXY_ADMIN_HTTP_METRIC_FAMILIES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "prometheus/client_metric.h"
#include "prometheus/metric_family.h"
#include "prometheus/metric_type.h"
#include "proxy/base/histogram.h"

namespace sluice {

using MetricLabels = std::vector<prometheus::ClientMetric::Label>;

// A family without a metric yet.
prometheus::MetricFamily Family(const char* name, const char* help,
                                prometheus::MetricType type);

// One metric of a family of counters, or of gauges.
prometheus::ClientMetric CounterOf(MetricLabels labels, uint64_t value);
prometheus::ClientMetric GaugeOf(MetricLabels labels, double value);

// One metric of a family of histograms: the sum of `parts`, which outlive the
// call.
prometheus::ClientMetric HistogramOf(
    MetricLabels labels, const std::vector<const DurationHistogram*>& parts);

// Families of one metric without labels.
prometheus::MetricFamily SingleCounter(const char* name, const char* help,
                                       uint64_t value);
prometheus::MetricFamily SingleGauge(const char* name, const char* help,
                                     double value);
prometheus::MetricFamily SingleHistogram(
    const char* name, const char* help,
    const std::vector<const DurationHistogram*>& parts);

// A gauge that is 1 or 0.
prometheus::MetricFamily Flag(const char* name, const char* help, bool value);

// Which version this is, as a label.
prometheus::MetricFamily BuildInfo(const char* name);

// In Prometheus' text format, version 0.0.4.
std::string MetricsText(const std::vector<prometheus::MetricFamily>& families);

}  // namespace sluice

#endif  // PROXY_ADMIN_HTTP_METRIC_FAMILIES_H_
