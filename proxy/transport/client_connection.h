#ifndef PROXY_TRANSPORT_CLIENT_CONNECTION_H_
#define PROXY_TRANSPORT_CLIENT_CONNECTION_H_

#include <cstddef>
#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/types/optional.h"
#include "proxy/session/session.h"
#include "proxy/transport/backpressure.h"
#include "proxy/transport/deadline_timer.h"
#include "proxy/transport/listener_config.h"
#include "proxy/transport/loop_context.h"
#include "proxy/transport/packet_buffer.h"
#include "proxy/transport/policy_questions.h"
#include "proxy/transport/pre_shared_key.h"
#include "proxy/transport/socket_address.h"
#include "proxy/transport/stall_watch.h"
#include "proxy/transport/stream.h"
#include "proxy/transport/tls_connection.h"
#include "proxy/transport/upstream.h"

namespace sluice::transport {

// One client with its TLS, its session and its connection to the broker: feeds
// the session with what happens and carries out what it wants done. On one
// loop's thread for life; it removes itself from the loop's table at its end.
class ClientConnection final : private Stream::HandlerInterface,
                               private DeadlineTimer::HandlerInterface,
                               private UpstreamConnector::HandlerInterface,
                               private StallWatch::HandlerInterface,
                               private session::DenialLimitInterface,
                               private session::AnonymousLimitInterface {
 public:
  // `context` outlives the connection.
  ClientConnection(LoopContext* context, uint64_t id,
                   std::shared_ptr<const ListenerConfig> config,
                   UvStream socket, const SocketAddress& client);
  ~ClientConnection() override = default;

  // Begins to read. Once.
  void Start();

  // Each of these may destroy the connection.
  void OnAuthenticateAnswer(
      uint64_t request_id,
      const absl::StatusOr<policy::v1::AuthenticateResponse>& answer);
  void OnStoreTokenAnswer(
      uint64_t request_id,
      const absl::StatusOr<policy::v1::StoreTokenResponse>& answer);
  void OnCheckAnswer(uint64_t request_id,
                     const absl::StatusOr<policy::v1::CheckResponse>& answer);
  // kUnavailable and the like: nobody could be asked.
  void OnPreSharedKey(absl::StatusOr<PreSharedKey> key);
  // The turn for which it has asked; see Session::more_to_judge().
  void OnTurn();
  void Drain();
  // Ends it at once to make room; it is destroyed. A client that was let in is
  // told, if its socket takes that.
  void Evict();
  // Gives the session an input that has nothing but the time; nothing happens
  // before there is a session, or after.
  using TimedInput = void (session::Session::*)(absl::Time, session::Effects*);
  void Tell(TimedInput input);
  // The clock was set.
  void OnClockSet(absl::Duration by);

  // Whether one of `revocations` hits its session's grant.
  bool IsRevokedBy(const policy::RevocationSet& revocations) const {
    return phase_ == Phase::kOpen && session_->IsRevokedBy(revocations, Now());
  }

  // See Session::Describe().
  bool Describe(policy::v1::SessionInfo* info) const {
    return phase_ == Phase::kOpen && session_->Describe(info);
  }

 private:
  enum class Phase : uint8_t { kHandshake, kOpen, kClosing };

  // Stream::HandlerInterface:
  absl::Span<uint8_t> OnReadable(Stream* stream) override;
  void OnRead(Stream* stream, size_t count) override;
  void OnEnd(Stream* stream, absl::Status status) override;
  void OnWriteProgress(Stream* stream, absl::Status status) override;
  // DeadlineTimer::HandlerInterface:
  void OnDeadline() override;
  // UpstreamConnector::HandlerInterface:
  void OnConnected(absl::StatusOr<UvStream> socket) override;
  // StallWatch::HandlerInterface:
  void OnInterval(int passed, int stalled) override;
  // session::DenialLimitInterface:
  bool IsReached() override;
  void OnDenial() override;
  // session::AnonymousLimitInterface:
  bool LetInAnonymous() override;

  // client_connection_handshake.cc. Whether the session has begun.
  bool Handshake();
  // Asks for the pre-shared key that the client has named.
  void AskForKey();
  void FailHandshake(absl::string_view reason);

  void ReadClient();
  void OfferClientBytes(ByteView data);
  void AskForTurn();
  void ReadBroker(size_t count);
  void OfferBrokerBytes(ByteView data);

  // Gives the session an input, with the time, and carries out what it yields.
  template <typename Input, typename... Arguments>
  void Give(Input input, const Arguments&... arguments) {
    (session_.get()->*input)(arguments..., Now(), &context_->effects);
    CarryOut();
  }

  // client_connection_effects.cc. Carries out the context's effects and clears
  // them.
  void CarryOut();
  void ConnectUpstream();
  void StartConnector();
  void SendToClient(const session::Effect& effect);
  void WriteToBroker();
  void FlushClient();

  // Ends each turn: gives the session what became due meanwhile, sends what was
  // encrypted, stops or resumes reading. May destroy the connection.
  void Settle();
  void GiveUp(TimedInput input);
  void CountHeldBytes();
  void BeginClose();
  void UpdateReading();
  void WatchForStalls();
  void Remove();

  absl::Time Now() const { return context_->loop->Now(); }

  LoopContext* const context_;
  const uint64_t id_;
  const std::shared_ptr<const ListenerConfig> config_;
  const SocketAddress client_address_;
  const uint64_t accepted_at_;  // uv_hrtime()
  PolicyQuestions questions_;

  Stream client_;
  absl::optional<Stream> broker_;
  std::unique_ptr<UpstreamConnector> connector_;  // while connecting
  DeadlineTimer timer_;
  std::unique_ptr<TlsConnection> tls_;         // until kClosing
  std::unique_ptr<session::Session> session_;  // kOpen
  PacketBuffer from_client_, from_broker_;
  size_t held_bytes_ = 0;   // as the table was told
  bool has_token_ = false;  // its session has, or had
  Backpressure backpressure_;
  // While it pauses one side, and while the connection is being closed.
  std::unique_ptr<StallWatch> stall_watch_;

  Phase phase_ = Phase::kHandshake;
  bool key_asked_for_ = false;  // a pre-shared key
  bool client_waits_ = false;   // bytes are held until the session wants them
  bool awaits_turn_ = false;    // they are, but not before OnTurn()
  bool broker_waits_ = false;   // as client_waits_
  bool client_spoke_ = false;   // has begun the handshake
  bool client_ended_ = false;   // sends no more, after what is held
  bool client_failed_ = false;  // and receives no more
  bool broker_ended_ = false;   // or could not be reached
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_CLIENT_CONNECTION_H_
