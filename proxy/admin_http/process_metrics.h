#ifndef PROXY_ADMIN_HTTP_PROCESS_METRICS_H_
#define PROXY_ADMIN_HTTP_PROCESS_METRICS_H_

#include <vector>

#include "absl/time/time.h"
#include "prometheus/metric_family.h"

namespace sluice {

// What Prometheus' client libraries tell about a process (processor time,
// memory, descriptors, start), under the same names. What the system doesn't
// say is left out. Any thread.
std::vector<prometheus::MetricFamily> ProcessMetrics(absl::Time start_time);

}  // namespace sluice

#endif  // PROXY_ADMIN_HTTP_PROCESS_METRICS_H_
