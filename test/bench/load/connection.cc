#include "test/bench/load/connection.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proxy/mqtt/auth.h"
#include "proxy/mqtt/connack.h"
#include "proxy/mqtt/packet_type.h"
#include "proxy/mqtt/puback.h"
#include "proxy/mqtt/publish.h"
#include "proxy/mqtt/reason_code.h"
#include "proxy/mqtt/suback.h"
#include "proxy/mqtt/varint.h"
#include "test/bench/load/clock.h"
#include "test/bench/load/packets.h"

namespace sluice::load {
namespace {

using mqtt::PacketType;

// Codes of 0x80 and more are failures (MQTT 5.0 section 2.4).
constexpr uint8_t kFirstFailure = 0x80;

absl::Status SystemError(int error) {
  return absl::UnavailableError(std::strerror(error));
}

absl::Status Refused(absl::string_view what, uint8_t code) {
  return absl::PermissionDeniedError(
      absl::StrCat(what, " with code 0x", absl::Hex(code, absl::kZeroPad2)));
}

absl::Status Unexpected(PacketType type) {
  return absl::FailedPreconditionError(
      absl::StrCat("unexpected ", mqtt::PacketTypeName(type)));
}

}  // namespace

Connection::Connection(ConnectionContext* context,
                       ConnectionObserverInterface* observer, int index,
                       std::string client_id, std::string filter)
    : context_(context),
      observer_(observer),
      index_(index),
      client_id_(std::move(client_id)),
      filter_(std::move(filter)) {}

Connection::~Connection() { Close(); }

void Connection::Open() {
  opened_at_ = NowNanos();
  receive_maximum_ = 65535;
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return Fail(SystemError(errno));
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  state_ = State::kConnecting;
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&context_->address),
              sizeof(context_->address)) != 0 &&
      errno != EINPROGRESS) {
    return Fail(SystemError(errno));
  }
  Watch(EPOLLOUT);
}

void Connection::Send(absl::string_view packets) {
  if (tls_ == nullptr) {
    output_.append(packets.data(), packets.size());
    return;
  }
  absl::Status status = tls_->Write(packets);
  if (!status.ok()) Fail(status);
}

void Connection::Flush() {
  if (closed() || backlog() == 0) return;
  const ssize_t sent =
      send(fd_, output_.data() + output_sent_, backlog(), MSG_NOSIGNAL);
  if (sent < 0) {
    if (errno != EAGAIN) return Fail(SystemError(errno));
  } else {
    output_sent_ += static_cast<size_t>(sent);
  }
  last_flush_ = NowNanos();
  if (backlog() > 0) return Watch(EPOLLIN | EPOLLOUT);
  output_.clear();
  output_sent_ = 0;
  Watch(EPOLLIN);
}

void Connection::KeepAlive(int64_t now) {
  // Half the interval, so that a late call is early enough.
  const int64_t limit = context_->options->keep_alive * kNanosPerSecond / 2;
  if (!ready() || limit == 0 || now - last_flush_ < limit) return;
  Send(PingPacket());
  Flush();
}

void Connection::Finish() {
  if (closed()) return;
  if (state_ > State::kHandshake) {
    const std::string packet = DisconnectPacket(context_->options->version);
    bool written = true;
    if (tls_ == nullptr) {
      output_ += packet;
    } else {
      written = tls_->Write(packet).ok();
      tls_->Close();
    }
    if (written) {
      static_cast<void>(
          send(fd_, output_.data() + output_sent_, backlog(), MSG_NOSIGNAL));
    }
  }
  Close();
}

void Connection::OnEvents(uint32_t events) {
  if (closed()) return;
  if (state_ == State::kConnecting) return FinishConnecting();
  if ((events & EPOLLOUT) != 0 && backlog() > 0) {
    Flush();
    if (!closed() && backlog() == 0) observer_->OnDrained(*this);
  }
  if (!closed() && (events & ~EPOLLOUT) != 0) Receive();
}

void Connection::FinishConnecting() {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return Fail(SystemError(error));
  if (!context_->tls.has_value()) return StartMqtt();

  state_ = State::kHandshake;
  absl::StatusOr<std::unique_ptr<TlsStream>> tls =
      context_->tls->NewStream(&output_);
  if (!tls.ok()) return Fail(tls.status());
  tls_ = *std::move(tls);
  absl::StatusOr<bool> done = tls_->Handshake();
  if (!done.ok()) return Fail(done.status());
  Flush();
}

absl::StatusOr<std::string> Connection::FirstPacket() {
  const Options& options = *context_->options;
  Credentials credentials;
  if (context_->ace.has_value()) {
    AceClient& ace = *context_->ace;
    if (absl::Status s = ace.NextToken(); !s.ok()) return s;
    if (options.proof == Proof::kChallenge) {
      credentials.authentication_data = ace.TokenData();
    } else {
      absl::StatusOr<std::string> exported =
          tls_->Export(AceClient::kExporterLabel, AceClient::kExporterSize);
      if (!exported.ok()) return exported.status();
      const ByteView content = AsBytes(*exported);
      const bool v5 = options.version == mqtt::ProtocolVersion::kV5;
      absl::StatusOr<std::string> proof =
          v5 ? ace.ExporterData(content) : ace.Password(content);
      if (!proof.ok()) return proof.status();
      if (v5) {
        credentials.authentication_data = *std::move(proof);
      } else {
        credentials.username = ace.Username();
        credentials.password = *std::move(proof);
      }
    }
  }
  return ConnectPacket(options.version, client_id_, options.keep_alive,
                       credentials);
}

void Connection::StartMqtt() {
  absl::StatusOr<std::string> packet = FirstPacket();
  if (!packet.ok()) return Fail(packet.status());
  state_ = State::kConnack;
  Send(*packet);
  Flush();
}

void Connection::Receive() {
  std::vector<uint8_t>& buffer = context_->wire_buffer;
  for (;;) {
    const ssize_t count = recv(fd_, buffer.data(), buffer.size(), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (count < 0) return Fail(SystemError(errno));
    if (count == 0) {
      return Fail(absl::UnavailableError("closed by the server"));
    }
    const int64_t now = NowNanos();
    const ByteView bytes(buffer.data(), static_cast<size_t>(count));
    if (tls_ == nullptr) {
      Consume(bytes, now);
    } else {
      ReceiveTls(bytes, now);
    }
    if (closed()) return;
    if (!acknowledgements_.empty()) {
      Send(acknowledgements_);
      acknowledgements_.clear();
    }
    Flush();
    if (closed() || bytes.size() < buffer.size()) return;
  }
}

void Connection::ReceiveTls(ByteView wire, int64_t now) {
  tls_->SetInput(wire);
  if (state_ == State::kHandshake) {
    absl::StatusOr<bool> done = tls_->Handshake();
    if (!done.ok()) return Fail(done.status());
    if (!*done) return;
    if (context_->tls_description.empty()) {
      context_->tls_description = tls_->Describe();
    }
    StartMqtt();
  }
  std::vector<uint8_t>& buffer = context_->record_buffer;
  while (!closed()) {
    absl::StatusOr<size_t> count = tls_->Read(absl::MakeSpan(buffer));
    if (!count.ok()) return Fail(count.status());
    if (*count == 0) return;
    Consume(ByteView(buffer.data(), *count), now);
  }
}

void Connection::Consume(ByteView plaintext, int64_t now) {
  if (partial_.empty()) {
    plaintext.remove_prefix(ConsumePackets(plaintext, now));
    if (!closed()) partial_.assign(plaintext.begin(), plaintext.end());
    return;
  }
  partial_.append(plaintext.begin(), plaintext.end());
  // Handled from a copy of its own: a callback may close the connection.
  const std::string bytes = std::exchange(partial_, std::string());
  const size_t used = ConsumePackets(AsBytes(bytes), now);
  if (!closed()) partial_.assign(bytes, used, std::string::npos);
}

size_t Connection::ConsumePackets(ByteView bytes, int64_t now) {
  size_t used = 0;
  while (!closed()) {
    const mqtt::UnframeResult result =
        mqtt::Unframe(bytes.subspan(used), mqtt::kMaxVarint);
    if (result.kind == mqtt::UnframeResult::Kind::kNeedMore) break;
    if (result.kind == mqtt::UnframeResult::Kind::kError) {
      Fail(absl::InvalidArgumentError(mqtt::ReasonCodeName(result.error)));
      break;
    }
    absl::Status status = HandlePacket(result.frame, now);
    if (!status.ok()) {
      Fail(status);
      break;
    }
    used += result.frame.whole.size();
  }
  return used;
}

absl::Status Connection::HandlePacket(const mqtt::Frame& frame, int64_t now) {
  switch (frame.type) {
    case PacketType::kPublish:
      return HandlePublish(frame, now);
    case PacketType::kPuback:
      return HandlePuback(frame);
    case PacketType::kPingresp:
      return absl::OkStatus();
    case PacketType::kConnack:
      return HandleConnack(frame);
    case PacketType::kAuth:
      return HandleAuth(frame);
    case PacketType::kSuback:
      return HandleSuback(frame);
    case PacketType::kDisconnect:
      return Refused("disconnected by the server",
                     frame.body.empty() ? 0 : frame.body[0]);
    default:
      return Unexpected(frame.type);
  }
}

absl::Status Connection::HandleConnack(const mqtt::Frame& frame) {
  if (state_ != State::kConnack) return Unexpected(frame.type);
  const Options& options = *context_->options;
  absl::StatusOr<mqtt::Connack> connack =
      mqtt::ParseConnack(frame, options.version);
  if (!connack.ok()) return connack.status();
  if (connack->code != 0) return Refused("CONNECT refused", connack->code);
  mqtt::Property property;
  if (connack->properties.Find(mqtt::PropertyId::kReceiveMaximum, &property)) {
    receive_maximum_ = static_cast<uint16_t>(property.number);
  }
  if (filter_.empty()) {
    BecomeReady();
    return absl::OkStatus();
  }
  state_ = State::kSubscribing;
  Send(SubscribePacket(options.version, filter_, options.qos));
  return absl::OkStatus();
}

absl::Status Connection::HandleAuth(const mqtt::Frame& frame) {
  if (state_ != State::kConnack || !context_->ace.has_value()) {
    return Unexpected(frame.type);
  }
  absl::StatusOr<mqtt::Auth> auth = mqtt::ParseAuth(frame);
  if (!auth.ok()) return auth.status();
  mqtt::Property nonce;
  if (!auth->properties.Find(mqtt::PropertyId::kAuthenticationData, &nonce)) {
    return absl::InvalidArgumentError("AUTH without a challenge");
  }
  absl::StatusOr<std::string> answer =
      context_->ace->ChallengeAnswer(nonce.data);
  if (!answer.ok()) return answer.status();
  Send(AuthPacket(*answer));
  return absl::OkStatus();
}

absl::Status Connection::HandleSuback(const mqtt::Frame& frame) {
  if (state_ != State::kSubscribing) return Unexpected(frame.type);
  absl::StatusOr<mqtt::Suback> suback =
      mqtt::ParseSuback(frame, context_->options->version);
  if (!suback.ok()) return suback.status();
  for (const uint8_t code : suback->codes) {
    if (code >= kFirstFailure) return Refused("SUBSCRIBE refused", code);
  }
  BecomeReady();
  return absl::OkStatus();
}

absl::Status Connection::HandlePublish(const mqtt::Frame& frame, int64_t now) {
  const mqtt::ProtocolVersion version = context_->options->version;
  absl::StatusOr<mqtt::Publish> publish =
      mqtt::ParsePublish(frame, version, mqtt::Sender::kServer);
  if (!publish.ok()) return publish.status();
  if (publish->qos == 1) {
    AppendPubackPacket(version, publish->packet_id, &acknowledgements_);
  }
  observer_->OnMessage(*this, publish->payload, now);
  return absl::OkStatus();
}

absl::Status Connection::HandlePuback(const mqtt::Frame& frame) {
  absl::StatusOr<mqtt::Puback> puback =
      mqtt::ParsePuback(frame, context_->options->version);
  if (!puback.ok()) return puback.status();
  if (puback->code >= kFirstFailure) {
    return Refused("PUBLISH refused", puback->code);
  }
  observer_->OnAcknowledged(*this);
  return absl::OkStatus();
}

void Connection::BecomeReady() {
  state_ = State::kReady;
  observer_->OnReady(*this);
}

void Connection::Watch(uint32_t events) {
  if (events == watched_) return;
  if (watched_ == 0) {
    context_->loop->Add(fd_, events, this);
  } else {
    context_->loop->Modify(fd_, events, this);
  }
  watched_ = events;
}

void Connection::Fail(const absl::Status& why) {
  static constexpr absl::string_view kDoing[] = {
      "closed",       "connecting",  "TLS handshake",
      "CONNECT sent", "subscribing", "connected"};
  const absl::string_view doing = kDoing[static_cast<size_t>(state_)];
  Close();
  observer_->OnFailed(
      *this, absl::Status(why.code(), absl::StrCat(client_id_, " (", doing,
                                                   "): ", why.message())));
}

void Connection::Close() {
  if (fd_ >= 0) close(fd_);
  fd_ = -1;
  state_ = State::kClosed;
  watched_ = 0;
  tls_.reset();
  output_.clear();
  output_sent_ = 0;
  partial_.clear();
  acknowledgements_.clear();
}

}  // namespace sluice::load
