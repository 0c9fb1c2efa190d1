#include "test/bench/load/idle.h"

#include <utility>

#include "test/bench/load/clock.h"

namespace sluice::load {

Idle::Idle(const Options& options, ConnectionContext context,
           Measurement measurement)
    : Workload(options, std::move(context), std::move(measurement)) {
  for (int i = 0; i < options.connections; ++i) {
    connections_.push_back(NewConnection("i", i, options.filter));
  }
}

absl::StatusOr<std::string> Idle::Run() {
  std::vector<Connection*> connections;
  for (const auto& connection : connections_) {
    connections.push_back(connection.get());
  }
  absl::Status status = measurement().Begin();
  if (!status.ok()) return status;
  status = OpenAll(connections);
  if (!status.ok()) return status;
  status = Hold();
  if (!status.ok()) return status;
  status = measurement().End();
  if (!status.ok()) return status;

  for (Connection* connection : connections) connection->Finish();
  JsonObject json = Head();
  json.Text("mode", "idle").Count("connections", connections_.size());
  measurement().AddTo("connection", static_cast<double>(connections_.size()),
                      &json);
  return json.ToString();
}

absl::Status Idle::Hold() {
  return Loop(
      NowNanos() + NanosOf(options().duration),
      [&](int64_t now) {
        for (const auto& connection : connections_) connection->KeepAlive(now);
        return now + kNanosPerSecond;
      },
      [] { return false; });
}

}  // namespace sluice::load
