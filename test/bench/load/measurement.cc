#include "test/bench/load/measurement.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "test/bench/load/clock.h"

namespace sluice::load {
namespace {

double MicrosPer(double units, int64_t nanos) {
  return units > 0 ? static_cast<double>(nanos) / 1e3 / units : 0;
}

}  // namespace

absl::StatusOr<Measurement> Measurement::Of(const std::vector<pid_t>& pids) {
  Measurement measurement;
  for (const pid_t pid : pids) {
    absl::StatusOr<ProcessWatch> process = ProcessWatch::Of(pid);
    if (!process.ok()) return process.status();
    measurement.watched_.push_back(Watched{*std::move(process), {}, {}});
  }
  return measurement;
}

absl::Status Measurement::Begin() {
  for (Watched& watched : watched_) {
    absl::StatusOr<ProcessWatch::Sample> sample = watched.process.Take();
    if (!sample.ok()) return sample.status();
    watched.before = *sample;
  }
  own_cpu_nanos_ = OwnCpuNanos();
  began_ = NowNanos();
  return absl::OkStatus();
}

absl::Status Measurement::End() {
  ended_ = NowNanos();
  own_cpu_nanos_ = OwnCpuNanos() - own_cpu_nanos_;
  for (Watched& watched : watched_) {
    absl::StatusOr<ProcessWatch::Sample> sample = watched.process.Take();
    if (!sample.ok()) return sample.status();
    watched.after = *sample;
  }
  return absl::OkStatus();
}

double Measurement::seconds() const {
  return static_cast<double>(ended_ - began_) / kNanosPerSecond;
}

void Measurement::AddTo(absl::string_view unit, double units,
                        JsonObject* json) const {
  const std::string cpu_per_unit = absl::StrCat("cpu_us_per_", unit);
  std::string processes;
  for (const Watched& watched : watched_) {
    const int64_t cpu = watched.after.cpu_nanos - watched.before.cpu_nanos;
    const double growth = static_cast<double>(watched.after.resident_bytes -
                                              watched.before.resident_bytes);
    JsonObject process;
    process.Count("pid", watched.process.pid())
        .Text("name", watched.process.name())
        .Number("cpu_seconds", static_cast<double>(cpu) / kNanosPerSecond)
        .Number(cpu_per_unit, MicrosPer(units, cpu))
        .Count("resident_bytes_before", watched.before.resident_bytes)
        .Count("resident_bytes_after", watched.after.resident_bytes)
        .Number(absl::StrCat("resident_bytes_per_", unit),
                units > 0 ? growth / units : 0);
    absl::StrAppend(&processes, processes.empty() ? "" : ",",
                    process.ToString());
  }
  json->Number("seconds", seconds())
      .Number(absl::StrCat("own_", cpu_per_unit),
              MicrosPer(units, own_cpu_nanos_))
      .Raw("processes", absl::StrCat("[", processes, "]"));
}

}  // namespace sluice::load
