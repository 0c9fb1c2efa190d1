// Refusals of CONNECT, and what they tell the client.
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "proxy/mqtt/connect.h"
#include "proxy/mqtt/writer.h"
#include "proxy/session/session.h"

namespace sluice::session {

using authz::Grant;
using mqtt::ProtocolVersion;
using mqtt::ReasonCode;
using policy::v1::Denial;

namespace {

ConnectOutcome OutcomeOf(Denial::Reason reason) {
  switch (reason) {
    case Denial::REASON_NO_CREDENTIAL:
      return ConnectOutcome::kNoCredential;
    case Denial::REASON_PROOF_INVALID:
      return ConnectOutcome::kProofInvalid;
    default:
      return ConnectOutcome::kTokenInvalid;
  }
}

// Whether a token is missing or bad; with what else is wrong another one would
// not help.
bool IsAboutToken(Denial::Reason reason) {
  switch (reason) {
    case Denial::REASON_NO_CREDENTIAL:
    case Denial::REASON_TOKEN_UNPARSABLE:
    case Denial::REASON_TOKEN_INVALID:
    case Denial::REASON_TOKEN_EXPIRED:
    case Denial::REASON_REVOKED:
      return true;
    default:
      return false;
  }
}

// Without properties, but with room for the length of many.
constexpr size_t kConnackSize = 9;

// "Nothing was decided" is not a denial.
Verdict VerdictOf(ConnectOutcome outcome, ReasonCode code) {
  return outcome == ConnectOutcome::kPolicyUnavailable ||
                 outcome == ConnectOutcome::kBrokerUnavailable ||
                 outcome == ConnectOutcome::kTooManyDenials ||
                 outcome == ConnectOutcome::kTooManyAnonymous ||
                 code == ReasonCode::kServerUnavailable
             ? Verdict::kError
             : Verdict::kDenied;
}

}  // namespace

void Session::Refuse(ReasonCode code, ConnectOutcome outcome,
                     absl::string_view detail, AsHint hint) {
  ReportRefusal(code, outcome, detail);
  const Verdict verdict = VerdictOf(outcome, code);
  if (verdict == Verdict::kDenied) ChargeDenial();
  const DecisionId id = Decide(
      Action::kConnect, verdict, code,
      outcome == ConnectOutcome::kWillDenied ? pending_->will->topic : "",
      detail);
  const bool v5 = version_ == ProtocolVersion::kV5;
  const uint8_t wire_code =
      v5 ? static_cast<uint8_t>(code)
         : static_cast<uint8_t>(mqtt::ToConnectReturnCode(code));
  std::string packet;
  std::string properties;
  if (v5 && hint == AsHint::kGiven && !context_.settings->as_hint.empty()) {
    mqtt::AppendUserProperty("ace_as_hint", Hint(), &properties);
    mqtt::AppendConnack(version_, false, wire_code, properties, &packet);
    // The standard forbids a User Property that makes the packet too large for
    // the client (MQTT 5.0 section 3.2.2.3.10).
    if (!FitsClient(packet.size())) properties.clear();
    packet.clear();
  }
  properties += ReasonString(id, kConnackSize + properties.size());
  mqtt::AppendConnack(version_, false, wire_code, properties, &packet);
  SendToClient(packet);
  // Once the broker is asked, that is a decision about the client, and ends it
  // like one that is in (EDGE-17).
  if (outcome != ConnectOutcome::kTokenInvalid) WithdrawConnect();
  Close();
}

void Session::WithdrawConnect() {
  if (state_ != State::kAwaitConnack) return;
  std::string packet;
  mqtt::AppendDisconnect(version_, ReasonCode::kSuccess, "", &packet);
  effects_->Send(Effect::Kind::kSendToBroker, packet);
}

void Session::ReportRefusal(ReasonCode code, ConnectOutcome outcome,
                            absl::string_view detail) {
  context_.counters->connects[outcome].Increment();
  Report(Event::Kind::kRefused, Action::kConnect, code, "", detail);
}

void Session::RefuseSilently(ReasonCode code, ConnectOutcome outcome,
                             absl::string_view detail) {
  ReportRefusal(code, outcome, detail);
  Close();
}

bool Session::RefuseOverDenialLimit() {
  if (context_.denials == nullptr || !context_.denials->IsReached()) {
    return false;
  }
  Refuse(ReasonCode::kQuotaExceeded, ConnectOutcome::kTooManyDenials,
         "too many denials of one address");
  return true;
}

bool Session::RefuseOverAnonymousLimit() {
  if (context_.anonymous == nullptr || !is_anonymous() ||
      context_.anonymous->LetInAnonymous()) {
    return false;
  }
  Refuse(ReasonCode::kQuotaExceeded, ConnectOutcome::kTooManyAnonymous,
         "too many clients without a token");
  return true;
}

// ACE-CON-2; RFC 9200 section 5.3.
std::string Session::Hint() const {
  const std::string& hint = context_.settings->as_hint;
  if (context_.client_nonces == nullptr) return hint;
  return absl::StrCat(
      absl::string_view(hint).substr(0, hint.size() - 1), ",\"cnonce\":\"",
      absl::WebSafeBase64Escape(context_.client_nonces->Make(now_)), "\"}");
}

// RFC 9200 section 5.3.1: who gives nonces out discards a token without one.
bool Session::IsFresh(absl::string_view client_nonce) const {
  if (context_.client_nonces == nullptr) return true;
  if (client_nonce.empty()) return context_.settings->cnonce_optional;
  return context_.client_nonces->IsFresh(AsBytes(client_nonce), now_);
}

bool Session::IsFresh(const Grant& grant) const {
  return grant.issuer().empty() || IsFresh(grant.client_nonce());
}

void Session::RefuseUnreadableConnect(const mqtt::Frame& frame,
                                      const absl::Status& status) {
  const ReasonCode code = mqtt::ReasonCodeOf(status);
  // A bridge sets the top bit of the level to try its own dialect; what it
  // expects is the refusal of the level without it.
  const absl::optional<uint8_t> level = mqtt::PeekProtocolLevel(frame.body);
  const bool v3 = !level.has_value() ||
                  (*level & 0x7F) < static_cast<uint8_t>(ProtocolVersion::kV5);
  version_ = v3 ? ProtocolVersion::kV311 : ProtocolVersion::kV5;
  const bool has_v3_code = code == ReasonCode::kUnsupportedProtocolVersion ||
                           code == ReasonCode::kClientIdentifierNotValid;
  if (!level.has_value() || (v3 && !has_v3_code)) {
    // MQTT 3.1.1 section 3.1.4: closed without a CONNACK.
    Fail(status);
    return;
  }
  Refuse(code,
         code == ReasonCode::kUnsupportedProtocolVersion
             ? ConnectOutcome::kUnsupportedVersion
             : ConnectOutcome::kMalformed,
         status.message());
}

// Its version is looked at when it came along with the fixed header; nothing is
// waited for.
void Session::RefuseOversizedConnect(ByteView bytes) {
  size_t header = 1;
  while (header < bytes.size() && (bytes[header] & 0x80) != 0) ++header;
  const ByteView body =
      header < bytes.size() ? bytes.subspan(header + 1) : ByteView();
  constexpr char kDetail[] = "CONNECT over the size limit";
  if (mqtt::PeekProtocolLevel(body) !=
      static_cast<uint8_t>(ProtocolVersion::kV5)) {
    Fail(ReasonCode::kPacketTooLarge, kDetail);
    return;
  }
  version_ = ProtocolVersion::kV5;
  Refuse(ReasonCode::kPacketTooLarge, ConnectOutcome::kMalformed, kDetail);
}

void Session::RefuseDenied(const Denial& denial) {
  pending_->denial = &denial;  // of which nothing is told after this
  if (denial.reason() == Denial::REASON_CLIENT_ID_IN_USE) {
    // EDGE-20
    Refuse(ReasonCode::kClientIdentifierNotValid,
           ConnectOutcome::kClientIdInUse, denial.detail());
  } else {
    Refuse(ReasonCode::kNotAuthorized, OutcomeOf(denial.reason()),
           denial.detail(),
           IsAboutToken(denial.reason()) ? AsHint::kGiven : AsHint::kWithheld);
  }
  pending_->denial = nullptr;
}

}  // namespace sluice::session
