#include "test/bench/load/workload.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "test/bench/load/clock.h"

namespace sluice::load {
namespace {

constexpr size_t kOpeningAtATime = 64;
// For all, and for each: a slow machine makes a hundred handshakes a second.
constexpr int64_t kOpeningLimit = 30 * kNanosPerSecond;
constexpr int64_t kOpeningLimitEach = kNanosPerSecond / 100;
constexpr size_t kWireBufferSize = 64 << 10;
constexpr size_t kRecordBufferSize = 16 << 10;  // RFC 8446 section 5.1

}  // namespace

Workload::Workload(const Options& options, ConnectionContext context,
                   Measurement measurement)
    : options_(options),
      context_(std::move(context)),
      measurement_(std::move(measurement)) {
  context_.loop = &loop_;
  context_.wire_buffer.resize(kWireBufferSize);
  context_.record_buffer.resize(kRecordBufferSize);
}

absl::Status Workload::Loop(int64_t deadline,
                            const std::function<int64_t(int64_t)>& work,
                            const std::function<bool()>& done) {
  while (failure_.ok() && !done()) {
    const int64_t now = NowNanos();
    if (now >= deadline) break;
    loop_.Wait(std::min(work(now), deadline));
  }
  return failure_;
}

absl::Status Workload::OpenAll(const std::vector<Connection*>& connections) {
  const int64_t deadline =
      NowNanos() + kOpeningLimit +
      kOpeningLimitEach * static_cast<int64_t>(connections.size());
  size_t opened = 0;
  ready_ = 0;
  absl::Status status = Loop(
      deadline,
      [&](int64_t) {
        while (opened < connections.size() &&
               opened - ready_ < kOpeningAtATime) {
          connections[opened++]->Open();
        }
        return deadline;
      },
      [&] { return ready_ == connections.size(); });
  if (status.ok() && ready_ < connections.size()) {
    return absl::DeadlineExceededError(
        absl::StrCat("only ", ready_, " of ", connections.size(),
                     " connections opened in time"));
  }
  return status;
}

std::unique_ptr<Connection> Workload::NewConnection(absl::string_view role,
                                                    int index,
                                                    std::string filter) {
  return std::make_unique<Connection>(
      &context_, this, index, absl::StrCat("load-", getpid(), "-", role, index),
      std::move(filter));
}

JsonObject Workload::Head() const {
  JsonObject json;
  if (!options_.label.empty()) json.Text("label", options_.label);
  json.Text("mqtt",
            options_.version == mqtt::ProtocolVersion::kV5 ? "5" : "3.1.1")
      .Text("tls", context_.tls_description)
      .Text("ace", !options_.ace                        ? ""
                   : options_.proof == Proof::kExporter ? "exporter"
                                                        : "challenge");
  return json;
}

void Workload::OnReady(Connection&) { ++ready_; }

void Workload::OnFailed(Connection&, const absl::Status& why) {
  if (failure_.ok()) failure_ = why;
}

}  // namespace sluice::load
