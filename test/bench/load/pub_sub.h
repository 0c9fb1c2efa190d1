#ifndef TEST_BENCH_LOAD_PUB_SUB_H_
#define TEST_BENCH_LOAD_PUB_SUB_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "test/bench/load/histogram.h"
#include "test/bench/load/packets.h"
#include "test/bench/load/workload.h"

namespace sluice::load {

// Messages from publishers to subscribers. Each publisher has a topic, and each
// subscriber hears one publisher.
//
// Closed loop: a publisher sends whenever fewer than `window` of its messages
// have not reached its first subscriber. This finds the highest rate; its
// latency is only that of the queues it fills. Open loop: message k is due at a
// fixed time, whatever became of the others, and its latency counts from then,
// so that a delay is not hidden by the sending that it held up.
class PubSub final : public Workload {
 public:
  PubSub(const Options& options, ConnectionContext context,
         Measurement measurement);

  absl::StatusOr<std::string> Run() override;

 private:
  struct Publisher {
    std::unique_ptr<Connection> connection;
    PublishTemplate packet;
    uint64_t sent = 0;
    uint64_t acknowledged = 0;  // QoS 1
    bool awake = false;         // is in awake_
  };
  struct Subscriber {
    std::unique_ptr<Connection> connection;
    uint64_t next = 0;   // sequence number of the next message
    uint64_t heard = 0;  // messages, repeated ones not counted
  };

  void OnMessage(Connection& connection, ByteView payload,
                 int64_t now) override;
  void OnAcknowledged(Connection& connection) override;
  void OnDrained(Connection& connection) override;

  absl::Status OpenConnections();
  // Sends until `deadline`.
  absl::Status SendUntil(int64_t deadline);
  // Waits for the messages that are on their way, for a while.
  absl::Status Drain();

  // Closed loop: sends what the windows allow.
  void SendWithinWindows();
  void SendWindow(Publisher& publisher);
  bool MaySend(const Publisher& publisher) const;
  void Wake(int publisher);
  // Open loop: sends what is due at `now`; returns when the next message is.
  int64_t SendDue(int64_t now);

  // The next message of `publisher`, good until the next call.
  absl::string_view NextPacket(Publisher& publisher, int64_t stamp);
  void KeepAlive(int64_t now);
  uint64_t sent() const;
  // Deliveries that have not happened (yet).
  uint64_t missing() const;
  std::string Result(uint64_t delivered) const;

  std::vector<Publisher> publishers_;
  std::vector<Subscriber> subscribers_;
  std::vector<int> awake_;  // publishers that may be able to send again
  std::string batch_;       // scratch

  int64_t started_ = 0;
  uint64_t due_count_ = 0;  // open loop: messages sent since started_
  int64_t last_keep_alive_ = 0;
  // Latency is that of the messages sent, or due, between these two.
  int64_t measure_from_ = 0;
  int64_t measure_to_ = 0;
  int64_t last_delivery_ = 0;
  uint64_t delivered_ = 0;
  uint64_t duplicates_ = 0;
  Histogram latency_;
  Histogram send_lag_;  // open loop: how late messages were sent
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_PUB_SUB_H_
