#include "proxy/session/session.h"

#include <algorithm>
#include <utility>

namespace sluice::session {

using mqtt::PacketType;
using mqtt::ReasonCode;
using mqtt::UnframeResult;

namespace {

constexpr absl::string_view kPingreq("\xC0\x00", 2);

// Of the broker's: user properties are all that can make it long.
constexpr size_t kMaxConnackSize = 128 * 1024;

absl::string_view WhyUnframed(ReasonCode error) {
  switch (error) {
    case ReasonCode::kPacketTooLarge:
      return "packet over the size limit";
    case ReasonCode::kQuotaExceeded:
      return "more before the payload than is kept";
    default:
      return "malformed fixed header";
  }
}

}  // namespace

Session::Session(Context context) : context_(std::move(context)) {}
Session::~Session() = default;

void Session::Begin(absl::Time now, Effects* effects) {
  now_ = now;
  latency_.reset();
  effects_ = effects;
}

void Session::Start(absl::Time now, Effects* effects) {
  Begin(now, effects);
  ArmTimer(now_ + context_.settings->connect_timeout);
}

bool Session::wants_client_bytes() const {
  switch (state_) {
    case State::kAwaitConnect:
    case State::kAwaitChallenge:
      return true;
    case State::kOpen:
      return !HoldsClient();
    case State::kAwaitGrant:
    case State::kAwaitUpstream:
    case State::kAwaitConnack:
      // With a method, all but AUTH and DISCONNECT is an error now (MQTT 5.0
      // section 3.1.2.11.9) and has to be seen. Without one a client need not
      // wait for CONNACK (section 3.1.4): its packets do.
      return uses_method_;
    case State::kClosed:
      return false;
  }
  return false;
}

bool Session::wants_broker_bytes() const {
  return !checks_.IsHolding(ExternalChecks::Side::kBroker);
}

size_t Session::MaxPacketSize() const {
  // Before CONNACK nothing that is large is due, whoever it is.
  return state_ == State::kOpen ? MaxOpenPacketSize()
                                : MaxUnauthenticatedPacketSize();
}

size_t Session::MaxOpenPacketSize() const {
  return is_anonymous() ? MaxUnauthenticatedPacketSize()
                        : context_.settings->max_packet_size;
}

size_t Session::MaxUnauthenticatedPacketSize() const {
  return std::min(context_.settings->max_packet_size,
                  context_.settings->max_unauthenticated_packet_size);
}

uint16_t Session::MaxTopicAliases() const {
  return is_anonymous() ? TopicAliases::kMostWithoutToken : TopicAliases::kMost;
}

UnframeResult Session::UnframePart(ByteView bytes, const UnframeResult& result,
                                   Direction direction) const {
  const Settings& settings = *context_.settings;
  if (state_ != State::kOpen || result.need <= settings.max_held_publish) {
    return result;
  }
  const size_t max_held = direction == Direction::kFromClient
                              ? settings.max_held_bytes
                              : 2 * settings.max_held_bytes;
  if (bytes[0] >> 4 == static_cast<uint8_t>(PacketType::kPublish)) {
    return mqtt::UnframePublishHead(bytes, result.need, max_held, version_);
  }
  if (result.need <= max_held) return result;
  UnframeResult error{};
  error.kind = UnframeResult::Kind::kError;
  error.error = ReasonCode::kQuotaExceeded;
  return error;
}

inline UnframeResult Session::UnframeNext(ByteView bytes, size_t max_size,
                                          Direction direction) const {
  UnframeResult result = mqtt::Unframe(bytes, max_size);
  if (result.kind == UnframeResult::Kind::kNeedMore) {
    result = UnframePart(bytes, result, direction);
  }
  return result;
}

size_t Session::OnClientBytes(ByteView bytes, absl::Time now,
                              Effects* effects) {
  Begin(now, effects);
  if (state_ == State::kAwaitConnect && !bytes.empty() &&
      bytes[0] >> 4 != static_cast<uint8_t>(PacketType::kConnect)) {
    Fail(ReasonCode::kProtocolError, "first packet is not CONNECT");
  }
  more_to_judge_ = false;
  size_t used = 0;
  for (size_t packets = 0; wants_client_bytes(); ++packets) {
    used += to_broker_.Take(bytes.subspan(used), effects_);
    if (used == bytes.size()) break;
    if (packets == kMaxPacketsATurn) {
      more_to_judge_ = true;
      break;
    }
    const UnframeResult result = UnframeNext(
        bytes.subspan(used), MaxPacketSize(), Direction::kFromClient);
    if (result.kind == UnframeResult::Kind::kNeedMore) break;
    if (result.kind == UnframeResult::Kind::kError) {
      if (state_ == State::kAwaitConnect &&
          result.error == ReasonCode::kPacketTooLarge) {
        RefuseOversizedConnect(bytes.subspan(used));
        break;
      }
      Fail(result.error, WhyUnframed(result.error));
      break;
    }
    const mqtt::Frame& frame = result.frame;
    if (state_ == State::kOpen) {
      OnClientPacket(frame);
    } else if (state_ == State::kAwaitConnect) {
      OnConnect(frame);
    } else {
      OnPacketBeforeConnack(frame);
    }
    if (std::exchange(holds_packet_, false) && !is_closed()) break;
    used += frame.whole.size();
    if (frame.missing > 0 && !to_broker_.is_under_way()) {
      to_broker_.Drop(frame.missing);
    }
    context_.counters->packets[Direction::kFromClient][frame.type].Increment();
    if (state_ == State::kOpen) {
      checks_.EndPacket(ExternalChecks::Side::kClient, now_);
    }
  }
  if (is_closed()) return bytes.size();
  if (state_ == State::kOpen) {
    // For a part of a packet, too: its sender is there, however slow its link.
    const bool holds = HoldsClient();
    if (used > 0 || !holds) KeepBrokerAlive();
    if (holds && broker_keep_alive_.Due() < deadline_) ArmOpenTimer();
  }
  return used;
}

void Session::KeepBrokerAlive() {
  if (effects_->SendsToBroker()) {
    broker_keep_alive_.OnSent(now_);
  } else if (broker_keep_alive_.TakePing(now_)) {
    to_broker_.Send(kPingreq, effects_);
  }
}

size_t Session::OnBrokerBytes(ByteView bytes, absl::Time now,
                              Effects* effects) {
  Begin(now, effects);
  size_t used = 0;
  while (state_ == State::kAwaitConnack || state_ == State::kOpen) {
    if (!wants_broker_bytes()) return used;
    used += to_client_.Take(bytes.subspan(used), effects_);
    if (used == bytes.size()) break;
    // The limits are the clients': a message has more bytes for some of those
    // who receive it than it had, and must not cut them off.
    const UnframeResult result = UnframeNext(
        bytes.subspan(used),
        state_ == State::kOpen ? mqtt::kMaxPacketSize : kMaxConnackSize,
        Direction::kFromBroker);
    if (result.kind == UnframeResult::Kind::kNeedMore) return used;
    if (result.kind == UnframeResult::Kind::kError) {
      OnUnreadableFromBroker(result.error);
      break;
    }
    const mqtt::Frame& frame = result.frame;
    if (state_ == State::kOpen) {
      OnBrokerPacket(frame);
    } else {
      OnConnack(frame);
    }
    if (std::exchange(holds_packet_, false) && !is_closed()) return used;
    used += frame.whole.size();
    context_.counters->packets[Direction::kFromBroker][frame.type].Increment();
    checks_.EndPacket(ExternalChecks::Side::kBroker, now_);
  }
  return bytes.size();
}

void Session::OnUnreadableFromBroker(ReasonCode error) {
  constexpr char kWhy[] = "the broker's packet is malformed";
  if (state_ == State::kOpen) {
    Fail(error, kWhy);
  } else {
    // Not the client's doing.
    Refuse(ReasonCode::kServerUnavailable, ConnectOutcome::kBrokerUnavailable,
           kWhy);
  }
}

size_t Session::kept_bytes() const {
  size_t bytes = client_aliases_.bytes() + broker_aliases_.bytes() +
                 checks_.bytes() + checked_filters_.bytes() +
                 pending_subscribes_.bytes() + ended_qos2_.bytes() +
                 client_id_.size();
  for (const StoreRequest& request : store_requests_) {
    if (request.held != nullptr) bytes += request.held->ByteSizeLong();
  }
  if (held_request_ != nullptr) bytes += held_request_->ByteSizeLong();
  if (pending_ != nullptr) {
    bytes += pending_->forwarded.properties.size() +
             pending_->forwarded.client_id_and_will.size() +
             pending_->challenge.token.size() + pending_->token.size();
    if (pending_->will.has_value()) bytes += pending_->will->topic.size();
    if (pending_->user_name_credential.has_value()) {
      bytes += pending_->user_name_credential->token.size() +
               pending_->user_name_credential->proof.size();
    }
  }
  return bytes;
}

void Session::SendToClient(absl::string_view packet) {
  // A client that takes less than our smallest packets gets none (MQTT 5.0
  // section 3.1.2.11.4).
  if (!FitsClient(packet.size())) return;
  to_client_.Send(packet, effects_);
}

ClientIdentity Session::Identity() const {
  ClientIdentity client;
  client.listener = context_.settings->listener;
  client.address = context_.client_address;
  client.client_id = ShownClientId();
  if (grant_ != nullptr) {
    client.subject = grant_->subject();
    client.issuer = grant_->issuer();
    client.token_id = grant_->token_id();
  } else if (pending_ != nullptr && pending_->denial != nullptr) {
    const policy::v1::Denial& denial = *pending_->denial;
    client.subject = denial.subject();
    client.issuer = denial.issuer();
    client.token_id = denial.token_id();
    client.unproven = !denial.issuer().empty() && !denial.proven();
  }
  return client;
}

void Session::Report(Event::Kind kind, Action action, ReasonCode code,
                     absl::string_view topic, absl::string_view detail) {
  if (kind == Event::Kind::kDenied && !logged_denials_.Take(now_)) return;
  Event event;
  event.kind = kind;
  event.action = action;
  event.reason_code = static_cast<uint8_t>(code);
  event.client = Identity();
  event.has_token = has_token();
  event.topic = topic;
  event.detail = detail;
  context_.observer->OnEvent(event);
}

}  // namespace sluice::session
