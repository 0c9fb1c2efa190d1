#include "test/bench/load/pub_sub.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "test/bench/load/clock.h"

namespace sluice::load {
namespace {

constexpr int64_t kDrainLimit = 2 * kNanosPerSecond;
// A closed loop in which nothing arrives for so long has lost messages.
constexpr int64_t kStallLimit = 5 * kNanosPerSecond;
// A publisher with more than this waiting for its socket is held up.
constexpr size_t kMaxBacklog = 64 << 10;
// No open loop catches up with so much.
constexpr size_t kHopelessBacklog = 16 << 20;

}  // namespace

PubSub::PubSub(const Options& options, ConnectionContext context,
               Measurement measurement)
    : Workload(options, std::move(context), std::move(measurement)) {
  const auto topic = [&](int publisher) {
    return absl::StrCat(options.topic, "/", publisher);
  };
  for (int i = 0; i < options.publishers; ++i) {
    publishers_.push_back(
        Publisher{NewConnection("p", i, ""),
                  PublishTemplate(options.version, topic(i), options.qos,
                                  options.payload_size)});
  }
  for (int i = 0; i < options.subscribers; ++i) {
    subscribers_.push_back(
        Subscriber{NewConnection("s", i, topic(i % options.publishers))});
  }
}

absl::StatusOr<std::string> PubSub::Run() {
  absl::Status status = OpenConnections();
  if (!status.ok()) return status;
  started_ = last_delivery_ = last_keep_alive_ = NowNanos();
  measure_from_ = started_ + NanosOf(options().warmup);
  measure_to_ = measure_from_ + NanosOf(options().duration);

  status = SendUntil(measure_from_);
  if (!status.ok()) return status;
  status = measurement().Begin();
  if (!status.ok()) return status;
  const uint64_t delivered_before = delivered_;
  status = SendUntil(measure_to_);
  if (!status.ok()) return status;
  const uint64_t delivered = delivered_ - delivered_before;
  status = measurement().End();
  if (!status.ok()) return status;
  status = Drain();
  if (!status.ok()) return status;

  for (Publisher& publisher : publishers_) publisher.connection->Finish();
  for (Subscriber& subscriber : subscribers_) subscriber.connection->Finish();
  return Result(delivered);
}

absl::Status PubSub::OpenConnections() {
  std::vector<Connection*> connections;
  for (Subscriber& subscriber : subscribers_) {
    connections.push_back(subscriber.connection.get());
  }
  absl::Status status = OpenAll(connections);
  if (!status.ok()) return status;
  connections.clear();
  for (Publisher& publisher : publishers_) {
    connections.push_back(publisher.connection.get());
  }
  return OpenAll(connections);
}

absl::Status PubSub::SendUntil(int64_t deadline) {
  const bool open_loop = options().rate > 0;
  for (int i = 0; !open_loop && i < options().publishers; ++i) Wake(i);
  bool stalled = false;
  absl::Status status = Loop(
      deadline,
      [&](int64_t now) {
        KeepAlive(now);
        if (open_loop) return SendDue(now);
        stalled = now - last_delivery_ > kStallLimit;
        SendWithinWindows();
        return now + kNanosPerSecond;
      },
      [&] { return stalled; });
  if (status.ok() && stalled) {
    return absl::DeadlineExceededError("no message arrives any more");
  }
  return status;
}

absl::Status PubSub::Drain() {
  const int64_t deadline = NowNanos() + kDrainLimit;
  return Loop(
      deadline, [&](int64_t) { return deadline; },
      [&] { return missing() == 0; });
}

void PubSub::SendWithinWindows() {
  for (const int i : awake_) {
    Publisher& publisher = publishers_[static_cast<size_t>(i)];
    publisher.awake = false;
    SendWindow(publisher);
  }
  awake_.clear();
}

void PubSub::SendWindow(Publisher& publisher) {
  if (!options().coalesce) {
    while (MaySend(publisher)) {
      publisher.connection->Send(NextPacket(publisher, NowNanos()));
      publisher.connection->Flush();
    }
    return;
  }
  batch_.clear();
  const int64_t now = NowNanos();
  while (batch_.size() < kMaxBacklog && MaySend(publisher)) {
    absl::StrAppend(&batch_, NextPacket(publisher, now));
  }
  if (batch_.empty()) return;
  publisher.connection->Send(batch_);
  publisher.connection->Flush();
}

bool PubSub::MaySend(const Publisher& publisher) const {
  const Connection& connection = *publisher.connection;
  if (!connection.ready() || connection.backlog() > kMaxBacklog) return false;
  const auto window = static_cast<uint64_t>(options().window);
  const auto& listener = subscribers_[static_cast<size_t>(connection.index())];
  if (publisher.sent - listener.next >= window) return false;
  return options().qos == 0 ||
         publisher.sent - publisher.acknowledged <
             std::min<uint64_t>(window, connection.receive_maximum());
}

void PubSub::Wake(int publisher) {
  bool& awake = publishers_[static_cast<size_t>(publisher)].awake;
  if (awake) return;
  awake = true;
  awake_.push_back(publisher);
}

int64_t PubSub::SendDue(int64_t now) {
  const double interval = kNanosPerSecond / options().rate;
  for (;;) {
    const int64_t due =
        started_ +
        static_cast<int64_t>(static_cast<double>(due_count_) * interval);
    if (due > now) return due;
    Publisher& publisher = publishers_[due_count_ % publishers_.size()];
    ++due_count_;
    Connection& connection = *publisher.connection;
    if (!connection.ready()) return now;  // Loop() has the reason
    if (due >= measure_from_) send_lag_.Add(now - due);
    connection.Send(NextPacket(publisher, due));
    connection.Flush();
    if (connection.backlog() > kHopelessBacklog) {
      OnFailed(connection, absl::ResourceExhaustedError(
                               "the rate is more than the server takes"));
    }
    now = NowNanos();
  }
}

absl::string_view PubSub::NextPacket(Publisher& publisher, int64_t stamp) {
  Stamp next;
  next.sent = stamp;
  next.sequence = publisher.sent;
  next.publisher = static_cast<uint32_t>(publisher.connection->index());
  // 1 to 65,535: 0 is no packet identifier.
  const auto packet_id = static_cast<uint16_t>(publisher.sent % 65535 + 1);
  ++publisher.sent;
  return publisher.packet.Fill(next, packet_id);
}

void PubSub::KeepAlive(int64_t now) {
  if (now - last_keep_alive_ < kNanosPerSecond) return;
  last_keep_alive_ = now;
  for (Publisher& publisher : publishers_) {
    publisher.connection->KeepAlive(now);
  }
  for (Subscriber& subscriber : subscribers_) {
    subscriber.connection->KeepAlive(now);
  }
}

void PubSub::OnMessage(Connection& connection, ByteView payload, int64_t now) {
  const absl::optional<Stamp> stamp = ReadStamp(payload);
  const size_t index = static_cast<size_t>(connection.index());
  const size_t publisher = index % publishers_.size();
  if (!stamp.has_value() || stamp->publisher != publisher) {
    return OnFailed(connection, absl::InvalidArgumentError(
                                    "a message that no publisher sent"));
  }
  Subscriber& subscriber = subscribers_[index];
  if (stamp->sequence < subscriber.next) {
    ++duplicates_;
    return;
  }
  subscriber.next = stamp->sequence + 1;
  ++subscriber.heard;
  ++delivered_;
  last_delivery_ = now;
  if (stamp->sent >= measure_from_ && stamp->sent < measure_to_) {
    latency_.Add(now - stamp->sent);
  }
  if (index == publisher) Wake(connection.index());
}

void PubSub::OnAcknowledged(Connection& connection) {
  ++publishers_[static_cast<size_t>(connection.index())].acknowledged;
  Wake(connection.index());
}

void PubSub::OnDrained(Connection& connection) {
  const size_t index = static_cast<size_t>(connection.index());
  const bool publishes = index < publishers_.size() &&
                         publishers_[index].connection.get() == &connection;
  if (publishes) Wake(connection.index());
}

uint64_t PubSub::sent() const {
  uint64_t sent = 0;
  for (const Publisher& publisher : publishers_) sent += publisher.sent;
  return sent;
}

uint64_t PubSub::missing() const {
  uint64_t missing = 0;
  for (size_t i = 0; i < subscribers_.size(); ++i) {
    missing += publishers_[i % publishers_.size()].sent - subscribers_[i].heard;
  }
  return missing;
}

std::string PubSub::Result(uint64_t delivered) const {
  JsonObject json = Head();
  const double seconds = measurement().seconds();
  json.Text("mode", "pubsub")
      .Count("qos", options().qos)
      .Count("size", options().payload_size)
      .Count("publishers", options().publishers)
      .Count("subscribers", options().subscribers)
      .Count("messages", delivered)
      .Number("messages_per_second", static_cast<double>(delivered) / seconds)
      .Raw("latency_us", latency_.ToJson());
  if (options().rate > 0) {
    json.Number("rate", options().rate).Raw("send_lag_us", send_lag_.ToJson());
  }
  json.Count("sent", sent())
      .Count("missing", missing())
      .Count("duplicates", duplicates_);
  measurement().AddTo("message", static_cast<double>(delivered), &json);
  return json.ToString();
}

}  // namespace sluice::load
