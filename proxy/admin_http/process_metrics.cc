#include "proxy/admin_http/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <fstream>
#include <memory>

#include "prometheus/client_metric.h"
#include "proxy/admin_http/metric_families.h"

namespace sluice {
namespace {

using ::prometheus::MetricFamily;
using ::prometheus::MetricType;

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) +
         static_cast<double>(time.tv_usec) * 1e-6;
}

void AddProcessorTime(std::vector<MetricFamily>* families) {
  rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return;
  MetricFamily& family = families->emplace_back();
  family.name = "process_cpu_seconds_total";
  family.help = "Processor time spent, in seconds.";
  family.type = MetricType::Counter;
  family.metric.emplace_back().counter.value =
      Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
}

void AddMemory(std::vector<MetricFamily>* families) {
  std::ifstream statm("/proc/self/statm");
  double size = 0;
  double resident = 0;
  if (!(statm >> size >> resident)) return;
  const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
  families->push_back(SingleGauge("process_virtual_memory_bytes",
                                  "Virtual memory in bytes.", size * page));
  families->push_back(SingleGauge("process_resident_memory_bytes",
                                  "Resident memory in bytes.",
                                  resident * page));
}

void AddDescriptors(std::vector<MetricFamily>* families) {
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families->push_back(SingleGauge("process_max_fds",
                                    "How many file descriptors may be open.",
                                    static_cast<double>(limit.rlim_cur)));
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> open(opendir("/proc/self/fd"),
                                                 closedir);
  if (open == nullptr) return;
  // Without ".", ".." and the descriptor that is being read.
  int count = -3;
  while (readdir(open.get()) != nullptr) ++count;
  families->push_back(SingleGauge("process_open_fds",
                                  "File descriptors that are open.", count));
}

}  // namespace

std::vector<MetricFamily> ProcessMetrics(absl::Time start_time) {
  std::vector<MetricFamily> families;
  AddProcessorTime(&families);
  AddMemory(&families);
  AddDescriptors(&families);
  families.push_back(
      SingleGauge("process_start_time_seconds",
                  "When the process started, in seconds since the epoch.",
                  absl::ToDoubleSeconds(start_time - absl::UnixEpoch())));
  return families;
}

}  // namespace sluice
