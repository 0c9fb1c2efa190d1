// How a session ends, whoever wants it to, and what is counted and said of it.
#include <string>

#include "proxy/mqtt/writer.h"
#include "proxy/session/session.h"

namespace sluice::session {

using mqtt::ProtocolVersion;
using mqtt::ReasonCode;

namespace {

// With a reason code and an empty list of properties.
constexpr size_t kDisconnectSize = 4;

}  // namespace

void Session::OnUpstreamClosed(absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (is_closed()) return;
  if (state_ == State::kOpen) {
    Disconnect(SessionEnd::kBroker, ReasonCode::kServerUnavailable,
               "the broker went away");
  } else if (state_ == State::kAwaitConnack) {
    state_ = State::kAwaitUpstream;  // nobody has the CONNECT any more
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kBrokerClosed,
           "the broker closed the connection in place of a CONNACK");
  } else {
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kBrokerUnavailable,
           "the broker cannot be reached");
  }
}

void Session::CountLeaving() {
  if (state_ == State::kAwaitChallenge || state_ == State::kAwaitGrant) {
    // Or else leaving early would make questions cost nothing.
    ChargeDenial();
  }
  if (state_ == State::kOpen) {
    CountEnd(SessionEnd::kClient);
  } else if (state_ != State::kAwaitConnect) {
    context_.counters->connects[ConnectOutcome::kClientLeft].Increment();
  }
  if (state_ == State::kAwaitUpstream || state_ == State::kAwaitConnack) {
    // It was let in; that it left changes nothing in that.
    RecordConnect();
  }
}

void Session::OnClientClosed(absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (is_closed()) return;
  CountLeaving();
  Report(Event::Kind::kClosed, Action::kConnect, ReasonCode::kSuccess, "",
         "the client closed the connection");
  Close();
}

void Session::OnDrain(absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (is_closed()) return;
  constexpr char kWhy[] = "the proxy is shutting down";
  if (state_ == State::kOpen) {
    Disconnect(SessionEnd::kShuttingDown, ReasonCode::kServerShuttingDown,
               kWhy);
  } else if (ConnackIsDue()) {
    // CONNACK has no code for shutting down.
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kShuttingDown, kWhy);
  } else {
    RefuseSilently(ReasonCode::kServerUnavailable,
                   ConnectOutcome::kShuttingDown, kWhy);
  }
}

void Session::OnEvicted(absl::Time now, Effects* effects) {
  Begin(now, effects);
  if (is_closed()) return;
  constexpr char kWhy[] = "makes room for another client";
  if (!is_anonymous()) {
    CountLeaving();
    Report(Event::Kind::kClosed, Action::kConnect, ReasonCode::kQuotaExceeded,
           "", kWhy);
    WithdrawConnect();
    Close();
  } else if (state_ == State::kOpen) {
    Disconnect(SessionEnd::kEvicted, ReasonCode::kQuotaExceeded, kWhy);
  } else {
    Refuse(ReasonCode::kQuotaExceeded, ConnectOutcome::kTooManyAnonymous, kWhy);
  }
}

bool Session::ConnackIsDue() const {
  switch (state_) {
    case State::kAwaitChallenge:
    case State::kAwaitGrant:
    case State::kAwaitUpstream:
    case State::kAwaitConnack:
      return true;
    case State::kAwaitConnect:
    case State::kOpen:
    case State::kClosed:
      return false;
  }
  return false;
}

void Session::Fail(ReasonCode code, absl::string_view detail) {
  if (state_ == State::kOpen) {
    Disconnect(SessionEnd::kError, code, detail);
  } else if (ConnackIsDue()) {
    Refuse(code, ConnectOutcome::kMalformed, detail);
  } else if (state_ == State::kAwaitConnect) {
    ChargeDenial();
    RefuseSilently(code, ConnectOutcome::kMalformed, detail);
  }
}

void Session::Fail(const absl::Status& status) {
  Fail(mqtt::ReasonCodeOf(status), status.message());
}

// The broker's side ends without a DISCONNECT, so that the Will is published.
void Session::Disconnect(SessionEnd end, ReasonCode code,
                         absl::string_view detail, const DecisionId& id) {
  CountEnd(end);
  Report(Event::Kind::kClosed, Action::kConnect, code, "", detail);
  if (version_ == ProtocolVersion::kV5) {
    std::string packet;
    mqtt::AppendDisconnect(version_, code, ReasonString(id, kDisconnectSize),
                           &packet);
    SendToClient(packet);
  }
  Close();
}

void Session::EndByDenial(SessionEnd end, Action action, ReasonCode code,
                          absl::string_view why) {
  Disconnect(end, code, why, Decide(action, Verdict::kDenied, code, "", why));
}

void Session::CountEnd(SessionEnd end) {
  context_.counters->ends[end].Increment();
}

void Session::ChargeDenial() {
  if (context_.denials != nullptr) context_.denials->OnDenial();
}

void Session::Close() {
  effects_->Close();
  state_ = State::kClosed;
}

}  // namespace sluice::session
