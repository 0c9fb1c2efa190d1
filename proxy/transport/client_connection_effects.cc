// Does what the session wants done, and writes to client and broker.
#include <algorithm>
#include <memory>
#include <vector>

#include "proxy/transport/client_connection.h"
#include "proxy/transport/connection_table.h"

namespace sluice::transport {

using session::Effect;
using session::Effects;

namespace {

// In bytes. A client without a token is sent little, and whoever comes may be
// one.
constexpr int kAnonymousSendBuffer = 64 * 1024;

// Of the last `count` bytes to the broker, those that pass unchanged.
size_t ForwardedAmongLast(const Effects& effects, size_t count) {
  size_t forwarded = 0;
  const auto& list = effects.list();
  for (auto effect = list.rbegin(); effect != list.rend() && count > 0;
       ++effect) {
    if (effect->kind != Effect::Kind::kSendToBroker) continue;
    const size_t size = std::min(count, effects.bytes(*effect).size());
    if (effect->forwarded) forwarded += size;
    count -= size;
  }
  return forwarded;
}

}  // namespace

void ClientConnection::CarryOut() {
  Effects& effects = context_->effects;
  bool close = false;
  for (const Effect& effect : effects.list()) {
    switch (effect.kind) {
      case Effect::Kind::kSendToClient:
        SendToClient(effect);
        break;
      case Effect::Kind::kSendToBroker:
        context_->pieces.push_back(effects.bytes(effect));
        break;
      case Effect::Kind::kAuthenticate:
        context_->connections->SetAsked(id_, true);
        questions_.Authenticate(effect);
        break;
      case Effect::Kind::kStoreToken:
        questions_.StoreToken(effect);
        break;
      case Effect::Kind::kCheck:
        questions_.Check(effect);
        break;
      case Effect::Kind::kConnectUpstream:
        ConnectUpstream();
        break;
      case Effect::Kind::kSetTimer:
        timer_.Set(effect.deadline);
        break;
      case Effect::Kind::kClearTimer:
        timer_.Clear();
        break;
      case Effect::Kind::kClose:
        close = true;
        break;
    }
  }
  WriteToBroker();
  effects.Clear();
  if (close) BeginClose();
}

void ClientConnection::ConnectUpstream() {
  context_->connections->LetIn(id_);
  if (!session_->has_token()) client_.LimitSendBuffer(kAnonymousSendBuffer);
  StartConnector();
}

void ClientConnection::StartConnector() {
  UpstreamConnector::HandlerInterface* const handler = this;
  connector_ = std::make_unique<UpstreamConnector>(context_->loop->uv(),
                                                   &config_->upstream, handler);
  connector_->Start();
}

void ClientConnection::SendToClient(const Effect& effect) {
  const ByteView bytes = context_->effects.bytes(effect);
  const size_t before = context_->tls_io.output().size();
  if (!client_failed_ && !tls_->Write(bytes)) client_failed_ = true;
  if (effect.forwarded) {
    context_->forwarded_in_output += bytes.size();
  } else {
    // As it is queued: a record takes several times what a short packet does.
    backpressure_.AddAnswer(context_->tls_io.output().size() - before);
  }
}

void ClientConnection::WriteToBroker() {
  std::vector<ByteView>& pieces = context_->pieces;
  if (pieces.empty()) return;
  if (broker_.has_value() && !broker_ended_) {
    // As above: an error is told when the broker has been read to its end.
    const absl::StatusOr<size_t> moved = broker_->Write(pieces);
    if (moved.ok() && *moved > 0) {
      context_->stats.forwarded_bytes_copied.Add(
          ForwardedAmongLast(context_->effects, *moved));
    }
  }
  pieces.clear();
}

void ClientConnection::FlushClient() {
  TlsIo& tls_io = context_->tls_io;
  if (tls_io.output().empty()) return;
  const ByteView piece = AsBytes(tls_io.output());
  const absl::StatusOr<size_t> moved = client_.Write({&piece, 1});
  if (!moved.ok()) {
    client_failed_ = true;
  } else if (*moved > 0) {
    context_->stats.forwarded_bytes_copied.Add(
        std::min(*moved, context_->forwarded_in_output));
  }
  context_->forwarded_in_output = 0;
  tls_io.ClearOutput();
}

}  // namespace sluice::transport
