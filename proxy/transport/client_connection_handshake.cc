// The TLS handshake with a client, and the pre-shared key that it may take.
#include <memory>
#include <utility>

#include "proxy/transport/client_connection.h"
#include "proxy/transport/connection_table.h"
#include "proxy/transport/session_id.h"

namespace sluice::transport {

using session::Session;

void ClientConnection::OnPreSharedKey(absl::StatusOr<PreSharedKey> key) {
  if (phase_ != Phase::kHandshake) return;
  context_->connections->SetAsked(id_, false);
  if (key.ok()) {
    tls_->SetPreSharedKey(*std::move(key));
    ReadClient();
    context_->tls_io.set_input({});
  } else {
    FailHandshake("no pre-shared key: the policy service does not answer");
  }
  Settle();
}

bool ClientConnection::Handshake() {
  client_spoke_ = true;
  switch (tls_->Handshake()) {
    case TlsConnection::Progress::kNeedsInput:
      return false;
    case TlsConnection::Progress::kNeedsKey:
      AskForKey();
      return false;
    case TlsConnection::Progress::kEnded:
    case TlsConnection::Progress::kFailed:
      FailHandshake(tls_->error());
      return false;
    case TlsConnection::Progress::kDone:
      break;
  }
  LoopStats& stats = context_->stats;
  stats.handshakes.Observe(absl::Nanoseconds(uv_hrtime() - accepted_at_));
  if (tls_->IsResumed()) stats.handshakes_resumed.Increment();
  phase_ = Phase::kOpen;
  timer_.Clear();
  session_ = std::make_unique<Session>(session::Context{
      &config_->session, client_address_.ToString(), tls_.get(),
      &context_->random, &context_->counters, context_->observer,
      &context_->live_policy, config_->client_nonces.get(),
      context_->recorder.get(), SessionId{context_->worker, id_}.ToString(),
      /*denials=*/this,
      /*anonymous=*/this});
  Give(&Session::Start);
  return phase_ == Phase::kOpen;
}

void ClientConnection::AskForKey() {
  if (IsReached()) {
    FailHandshake("no pre-shared key: too many denials of one address");
    return;
  }
  key_asked_for_ = true;
  context_->connections->SetAsked(id_, true);
  questions_.GetPreSharedKey(config_->session.listener,
                             client_address_.ToString(), tls_->psk_identity());
}

void ClientConnection::FailHandshake(absl::string_view reason) {
  context_->stats.handshakes_failed.Increment();
  // While there is no answer, nothing is the client's fault.
  if (key_asked_for_ && !tls_->waits_for_key()) OnDenial();
  if (context_->transport_observer != nullptr) {
    context_->transport_observer->OnHandshakeFailed(
        config_->session.listener, client_address_.ToString(), reason);
  }
  BeginClose();
}

}  // namespace sluice::transport
