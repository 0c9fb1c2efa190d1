#ifndef TEST_BENCH_LOAD_CONNECTION_H_
#define TEST_BENCH_LOAD_CONNECTION_H_

#include <netinet/in.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/unframer.h"
#include "test/bench/load/ace_client.h"
#include "test/bench/load/event_loop.h"
#include "test/bench/load/options.h"
#include "test/bench/load/tls_client.h"

namespace sluice::load {

class Connection;

// Hears from connections, out of EventLoop::Wait() or Connection's own calls.
class ConnectionObserverInterface {
 public:
  // Connected; subscribed, too, where that was asked for.
  virtual void OnReady(Connection& connection) = 0;
  // Lost, refused or in breach of the protocol; it is closed by now.
  virtual void OnFailed(Connection& connection, const absl::Status& why) = 0;
  // A PUBLISH came, at `now` (NowNanos()). It is acknowledged already.
  virtual void OnMessage(Connection& connection, ByteView payload,
                         int64_t now) = 0;
  // A PUBLISH that was sent at QoS 1 is acknowledged.
  virtual void OnAcknowledged(Connection& connection) = 0;
  // All that was sent has gone to the socket, after some had to wait.
  virtual void OnDrained(Connection& connection) = 0;

 protected:
  ~ConnectionObserverInterface() = default;
};

// What the connections of a run share. Outlives them.
struct ConnectionContext {
  const Options* options = nullptr;
  EventLoop* loop = nullptr;
  sockaddr_in address{};
  absl::optional<TlsClient> tls;       // absent: plain TCP
  absl::optional<AceClient> ace;       // absent: no credentials
  std::string tls_description;         // of a finished handshake
  std::vector<uint8_t> wire_buffer;    // scratch for one read
  std::vector<uint8_t> record_buffer;  // scratch for one TLS record
};

// One MQTT client: connects, authenticates, subscribes to one filter if it has
// one, then sends and receives. Can be opened again after it was closed. Only
// used from the loop's thread.
class Connection final : public EventHandlerInterface {
 public:
  // `index` is the owner's. An empty `filter` subscribes to nothing. The
  // pointers must outlive the connection.
  Connection(ConnectionContext* context, ConnectionObserverInterface* observer,
             int index, std::string client_id, std::string filter);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  int index() const { return index_; }
  bool ready() const { return state_ == State::kReady; }
  bool closed() const { return state_ == State::kClosed; }
  // When Open() was called (NowNanos()).
  int64_t opened_at() const { return opened_at_; }
  // How many QoS 1 messages the server takes at a time.
  uint16_t receive_maximum() const { return receive_maximum_; }
  // Bytes that the socket has not taken yet.
  size_t backlog() const { return output_.size() - output_sent_; }

  // Only when closed.
  void Open();

  // Queues whole packets, in one TLS record if they fit. Only when ready.
  void Send(absl::string_view packets);
  // Writes to the socket what is queued and fits.
  void Flush();

  // Sends a PINGREQ when the keep-alive interval asks for one at `now`.
  void KeepAlive(int64_t now);

  // Says DISCONNECT and close_notify as far as the socket takes them at once,
  // and closes. The observer hears nothing.
  void Finish();

  void OnEvents(uint32_t events) override;

 private:
  enum class State {
    kClosed,
    kConnecting,   // TCP
    kHandshake,    // TLS
    kConnack,      // CONNECT is sent
    kSubscribing,  // SUBSCRIBE is sent
    kReady,
  };

  // Each of these ends in Fail() when something is wrong.
  void FinishConnecting();
  void StartMqtt();
  void Receive();
  void ReceiveTls(ByteView wire, int64_t now);
  void Consume(ByteView plaintext, int64_t now);

  // Handles whole packets at the front of `bytes`; returns how many bytes they
  // were.
  size_t ConsumePackets(ByteView bytes, int64_t now);
  absl::Status HandlePacket(const mqtt::Frame& frame, int64_t now);
  absl::Status HandleConnack(const mqtt::Frame& frame);
  absl::Status HandleAuth(const mqtt::Frame& frame);
  absl::Status HandleSuback(const mqtt::Frame& frame);
  absl::Status HandlePublish(const mqtt::Frame& frame, int64_t now);
  absl::Status HandlePuback(const mqtt::Frame& frame);

  absl::StatusOr<std::string> FirstPacket();
  void BecomeReady();
  void Watch(uint32_t events);
  void Fail(const absl::Status& why);
  void Close();

  ConnectionContext* const context_;
  ConnectionObserverInterface* const observer_;
  const int index_;
  const std::string client_id_;
  const std::string filter_;

  State state_ = State::kClosed;
  int fd_ = -1;
  uint32_t watched_ = 0;
  int64_t opened_at_ = 0;
  int64_t last_flush_ = 0;
  uint16_t receive_maximum_ = 65535;
  std::string output_;  // for the socket
  size_t output_sent_ = 0;
  std::string partial_;           // a packet that is not complete yet
  std::string acknowledgements_;  // of the packets being handled
  std::unique_ptr<TlsStream> tls_;
};

}  // namespace sluice::load

#endif  // TEST_BENCH_LOAD_CONNECTION_H_
