#include "proxy/transport/client_connection.h"

#include <utility>

#include "proxy/transport/connection_table.h"
#include "proxy/transport/proxy_protocol.h"

namespace sluice::transport {

using session::Direction;
using session::Session;

namespace {

// Intervals of ListenerConfig::patience in which a broker may do nothing about
// what its client has sent last, a DISCONNECT maybe, without which it publishes
// the Will: brokers do stop for a while.
constexpr int kBrokersPatience = 6;
// Intervals after which a connection that is being closed is over, however much
// its peers still take.
constexpr int kLongestLinger = 12;

}  // namespace

ClientConnection::ClientConnection(LoopContext* context, uint64_t id,
                                   std::shared_ptr<const ListenerConfig> config,
                                   UvStream socket, const SocketAddress& client)
    : context_(context),
      id_(id),
      config_(std::move(config)),
      client_address_(client),
      accepted_at_(uv_hrtime()),
      questions_(context, id),
      client_(std::move(socket), this),
      timer_(context->loop, this),
      tls_(std::make_unique<TlsConnection>(config_->tls, &context->tls_io)),
      backpressure_(config_->max_queued_bytes) {}

void ClientConnection::Start() {
  timer_.Set(Now() + config_->handshake_timeout);
  client_.SetReading(true);
}

void ClientConnection::OnAuthenticateAnswer(
    uint64_t request_id,
    const absl::StatusOr<policy::v1::AuthenticateResponse>& answer) {
  if (phase_ != Phase::kOpen) return;
  context_->connections->SetAsked(id_, false);
  Give(&Session::OnAuthenticateAnswer, request_id, answer);
  Settle();
}

void ClientConnection::OnStoreTokenAnswer(
    uint64_t request_id,
    const absl::StatusOr<policy::v1::StoreTokenResponse>& answer) {
  if (phase_ != Phase::kOpen) return;
  Give(&Session::OnStoreTokenAnswer, request_id, answer);
  Settle();
}

void ClientConnection::OnCheckAnswer(
    uint64_t request_id,
    const absl::StatusOr<policy::v1::CheckResponse>& answer) {
  if (phase_ != Phase::kOpen) return;
  Give(&Session::OnCheckAnswer, request_id, answer);
  Settle();
}

void ClientConnection::OnTurn() {
  awaits_turn_ = false;
  Settle();
}

void ClientConnection::Drain() {
  switch (phase_) {
    case Phase::kHandshake:
      FailHandshake("the proxy shuts down");
      break;
    case Phase::kOpen:
      GiveUp(&Session::OnDrain);
      break;
    case Phase::kClosing:
      return;
  }
  Settle();
}

void ClientConnection::Evict() {
  switch (phase_) {
    case Phase::kHandshake:
      FailHandshake("makes room for another");
      break;
    case Phase::kOpen:
      GiveUp(&Session::OnEvicted);
      break;
    case Phase::kClosing:
      break;
  }
  Remove();
}

void ClientConnection::Tell(TimedInput input) {
  if (phase_ != Phase::kOpen) return;
  Give(input);
  Settle();
}

void ClientConnection::OnClockSet(absl::Duration by) {
  if (phase_ != Phase::kOpen) {
    timer_.Move(by);
    return;
  }
  // What the session waits for is measured anew, be it moved or not.
  timer_.Clear();
  Give(&Session::OnClockSet, by);
  Settle();
}

absl::Span<uint8_t> ClientConnection::OnReadable(Stream* stream) {
  if (stream == &client_) return context_->ciphertext();
  if (phase_ == Phase::kClosing) return context_->scratch();
  return from_broker_.Prepare(context_->scratch());
}

void ClientConnection::OnRead(Stream* stream, size_t count) {
  context_->loop->CountRead();
  if (phase_ == Phase::kClosing) return;  // nobody is there to hear it
  if (stream == &client_) {
    context_->tls_io.set_input(context_->ciphertext().first(count));
    ReadClient();
    context_->tls_io.set_input({});
  } else {
    ReadBroker(count);
  }
  Settle();
}

void ClientConnection::OnEnd(Stream* stream, absl::Status status) {
  if (stream != &client_) {
    broker_ended_ = true;
  } else {
    client_ended_ = true;
    client_failed_ = client_failed_ || !status.ok();
    if (phase_ == Phase::kHandshake) {
      // Who says nothing has looked whether somebody is there, as load
      // balancers do, and began no handshake that could fail.
      if (client_spoke_) {
        FailHandshake("broken off by the client");
      } else {
        BeginClose();
      }
    }
  }
  Settle();
}

void ClientConnection::OnWriteProgress(Stream* stream, absl::Status status) {
  // That the broker has ended is told when it has been read to its end.
  if (!status.ok() && stream == &client_) client_failed_ = true;
  Settle();
}

void ClientConnection::OnDeadline() {
  switch (phase_) {
    case Phase::kHandshake:
      FailHandshake("not done in time");
      Remove();
      return;
    case Phase::kOpen:
      Give(&Session::OnTimer);
      Settle();
      return;
    case Phase::kClosing:
      return;
  }
}

void ClientConnection::OnConnected(absl::StatusOr<UvStream> socket) {
  connector_.reset();
  if (absl::IsResourceExhausted(socket.status()) && !session_->is_anonymous() &&
      context_->connections->MakeRoom(absl::ZeroDuration())) {
    StartConnector();  // There is a descriptor for it now.
  } else if (!socket.ok()) {
    broker_ended_ = true;
  } else {
    Stream::HandlerInterface* const handler = this;
    broker_.emplace(*std::move(socket), handler);
    if (config_->upstream.send_proxy_protocol) {
      const std::string header =
          ProxyProtocolV2Header(client_address_, client_.LocalAddress());
      const ByteView piece = AsBytes(header);
      if (!broker_->Write({&piece, 1}).ok()) broker_ended_ = true;
    }
    Give(&Session::OnUpstreamConnected);
  }
  Settle();
}

void ClientConnection::OnInterval(int passed, int stalled) {
  // What is not queued here any more may lie in the broker's kernel still.
  const bool awaits_broker =
      broker_.has_value() &&
      (phase_ == Phase::kClosing ? !broker_ended_ : broker_->queued() > 0);
  const bool is_over = stalled >= (awaits_broker ? kBrokersPatience : 1);
  if (phase_ == Phase::kClosing) {
    if (is_over || passed >= kLongestLinger) Remove();
    return;
  }
  // Whoever does not read a socket does not hear either that its peer has
  // ended: a client that takes nothing would keep its place long after its
  // broker has given it up.
  if (backpressure_.pauses_broker() && stalled > 0 && broker_->PeerHasEnded()) {
    broker_ended_ = true;
  } else if (backpressure_.pauses_client() && is_over &&
             client_.PeerHasEnded()) {
    client_failed_ = true;
  }
  Settle();
}

bool ClientConnection::IsReached() {
  return !context_->denials->Has(client_address_);
}

void ClientConnection::OnDenial() {
  context_->denials->Charge(client_address_);
}

bool ClientConnection::LetInAnonymous() {
  return context_->connections->LetInAnonymous(id_, client_address_);
}

void ClientConnection::ReadClient() {
  if (phase_ == Phase::kHandshake && !Handshake()) return;
  while (phase_ == Phase::kOpen) {
    const absl::Span<uint8_t> scratch = context_->scratch();
    size_t count;
    const TlsConnection::Progress progress =
        tls_->Read(from_client_.Prepare(scratch), &count);
    if (count > 0) {
      context_->stats.bytes[Direction::kFromClient].Add(count);
      OfferClientBytes(from_client_.Commit(scratch, count));
    }
    if (progress == TlsConnection::Progress::kDone) continue;
    if (progress == TlsConnection::Progress::kEnded) client_ended_ = true;
    if (progress == TlsConnection::Progress::kFailed) {
      client_ended_ = client_failed_ = true;
    }
    return;
  }
}

void ClientConnection::OfferClientBytes(ByteView data) {
  size_t used = 0;
  if (session_->wants_client_bytes() && !awaits_turn_) {
    used = session_->OnClientBytes(data, Now(), &context_->effects);
    CarryOut();
    if (phase_ == Phase::kOpen && session_->more_to_judge()) AskForTurn();
  }
  from_client_.Consume(data, used);
  client_waits_ =
      used < data.size() && (awaits_turn_ || !session_->wants_client_bytes());
}

// Behind what other connections have received meanwhile.
void ClientConnection::AskForTurn() {
  awaits_turn_ = true;
  context_->loop->Post([connections = context_->connections, id = id_] {
    ClientConnection* const connection = connections->Find(id);
    if (connection != nullptr) connection->OnTurn();
  });
}

void ClientConnection::ReadBroker(size_t count) {
  context_->stats.bytes[Direction::kFromBroker].Add(count);
  OfferBrokerBytes(from_broker_.Commit(context_->scratch(), count));
}

void ClientConnection::OfferBrokerBytes(ByteView data) {
  const size_t used = session_->OnBrokerBytes(data, Now(), &context_->effects);
  CarryOut();
  from_broker_.Consume(data, used);
  broker_waits_ = used < data.size() && !session_->wants_broker_bytes();
}

void ClientConnection::Settle() {
  FlushClient();
  if (phase_ == Phase::kHandshake && client_failed_) {
    // Nothing more will come that would tell.
    FailHandshake("the client broke it off");
  }
  while (phase_ == Phase::kOpen) {
    if (client_failed_) {
      GiveUp(&Session::OnClientClosed);
    } else if (broker_waits_ && session_->wants_broker_bytes()) {
      OfferBrokerBytes(from_broker_.held());
    } else if (client_waits_ && !awaits_turn_ &&
               session_->wants_client_bytes()) {
      OfferClientBytes(from_client_.held());
    } else if (client_ended_ && !client_waits_) {
      GiveUp(&Session::OnClientClosed);
    } else if (broker_ended_ && !broker_waits_) {
      GiveUp(&Session::OnUpstreamClosed);
    } else {
      break;
    }
    FlushClient();
  }
  if (session_ != nullptr) has_token_ = session_->has_token();
  if (phase_ == Phase::kClosing) {
    session_.reset();
    tls_.reset();
    from_client_ = PacketBuffer();
    from_broker_ = PacketBuffer();
    if (client_.is_finished() &&
        (!broker_.has_value() || broker_->is_finished())) {
      Remove();
      return;
    }
  }
  CountHeldBytes();
  UpdateReading();
}

void ClientConnection::CountHeldBytes() {
  size_t held = 0;
  if (phase_ != Phase::kHandshake && !has_token_) {
    held = from_client_.held().size() + client_.queued();
    if (session_ != nullptr) held += session_->kept_bytes();
  }
  if (held == held_bytes_) return;
  held_bytes_ = held;
  context_->connections->SetHeldBytes(id_, held);
}

// Gives the session an input after which it closes.
void ClientConnection::GiveUp(TimedInput input) {
  Give(input);
  if (phase_ == Phase::kOpen) BeginClose();
}

void ClientConnection::BeginClose() {
  phase_ = Phase::kClosing;
  connector_.reset();
  timer_.Clear();
  stall_watch_.reset();
  tls_->Shutdown();
  FlushClient();
  client_.FinishWriting();
  if (broker_.has_value()) broker_->FinishWriting();
}

void ClientConnection::UpdateReading() {
  if (phase_ == Phase::kClosing) {
    // Until the peers end: data that nobody reads would make the kernel reset
    // the connection, and the peer lose what it was sent last.
    client_.SetReading(true);
    if (broker_.has_value()) broker_->SetReading(true);
    WatchForStalls();
    return;
  }
  backpressure_.Update(client_.queued(),
                       broker_.has_value() ? broker_->queued() : 0);
  client_.SetReading(
      !backpressure_.pauses_client() && !client_ended_ && !awaits_turn_ &&
      (phase_ == Phase::kHandshake ? !tls_->waits_for_key()
                                   : session_->wants_client_bytes()));
  if (!broker_.has_value()) return;
  broker_->SetReading(!backpressure_.pauses_broker() && !broker_waits_);
  if (!backpressure_.pauses_client() && !backpressure_.pauses_broker()) {
    if (stall_watch_ == nullptr) return;
    stall_watch_.reset();
    client_.ProbePeer(false);
    broker_->ProbePeer(false);
  } else if (stall_watch_ == nullptr) {
    // An end may be stuck behind data for which there is no room.
    client_.ProbePeer(true);
    broker_->ProbePeer(true);
    WatchForStalls();
  }
}

void ClientConnection::WatchForStalls() {
  if (stall_watch_ != nullptr) return;
  StallWatch::HandlerInterface* const handler = this;
  stall_watch_ = std::make_unique<StallWatch>(
      context_->loop->uv(), config_->patience, &client_,
      broker_.has_value() ? &*broker_ : nullptr, handler);
}

void ClientConnection::Remove() { context_->connections->Remove(id_); }

}  // namespace sluice::transport
