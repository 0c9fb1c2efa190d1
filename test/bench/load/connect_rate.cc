#include "test/bench/load/connect_rate.h"

#include <utility>

#include "absl/status/status.h"
#include "test/bench/load/clock.h"

namespace sluice::load {
namespace {

constexpr int64_t kDrainLimit = 10 * kNanosPerSecond;

}  // namespace

ConnectRate::ConnectRate(const Options& options, ConnectionContext context,
                         Measurement measurement)
    : Workload(options, std::move(context), std::move(measurement)) {
  for (int i = 0; i < options.connections; ++i) {
    connections_.push_back(NewConnection("c", i, ""));
    free_.push_back(connections_.back().get());
  }
}

absl::StatusOr<std::string> ConnectRate::Run() {
  measure_from_ = NowNanos() + NanosOf(options().warmup);
  measure_to_ = measure_from_ + NanosOf(options().duration);

  absl::Status status = OpenUntil(measure_from_);
  if (!status.ok()) return status;
  status = measurement().Begin();
  if (!status.ok()) return status;
  const uint64_t connected_before = connected_;
  status = OpenUntil(measure_to_);
  if (!status.ok()) return status;
  const uint64_t connected = connected_ - connected_before;
  status = measurement().End();
  if (!status.ok()) return status;
  status = Drain();
  if (!status.ok()) return status;
  return Result(connected);
}

absl::Status ConnectRate::OpenUntil(int64_t deadline) {
  return Loop(
      deadline,
      [&](int64_t) {
        for (Connection* connection : std::exchange(free_, {})) {
          connection->Open();
        }
        return deadline;
      },
      [] { return false; });
}

absl::Status ConnectRate::Drain() {
  const int64_t deadline = NowNanos() + kDrainLimit;
  absl::Status status = Loop(
      deadline, [&](int64_t) { return deadline; },
      [&] { return free_.size() == connections_.size(); });
  if (status.ok() && free_.size() < connections_.size()) {
    return absl::DeadlineExceededError("a connection does not come about");
  }
  return status;
}

void ConnectRate::OnReady(Connection& connection) {
  ++connected_;
  const int64_t opened_at = connection.opened_at();
  if (opened_at >= measure_from_ && opened_at < measure_to_) {
    latency_.Add(NowNanos() - opened_at);
  }
  connection.Finish();
  free_.push_back(&connection);
}

std::string ConnectRate::Result(uint64_t connected) const {
  JsonObject json = Head();
  json.Text("mode", "connect")
      .Count("concurrent", options().connections)
      .Count("connections", connected)
      .Number("connections_per_second",
              static_cast<double>(connected) / measurement().seconds())
      .Raw("latency_us", latency_.ToJson());
  measurement().AddTo("connection", static_cast<double>(connected), &json);
  return json.ToString();
}

}  // namespace sluice::load
