// Tokens that clients publish to be stored.
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/memory/memory.h"
#include "proxy/session/reasons.h"
#include "proxy/session/session.h"

namespace sluice::session {

using mqtt::ReasonCode;
using policy::v1::Denial;

namespace {

// What came of a token, and why; the reason is for people.
struct Outcome {
  Verdict verdict = Verdict::kAllowed;
  ReasonCode code = ReasonCode::kSuccess;
  std::string why;
};

Outcome OutcomeOf(const absl::StatusOr<policy::v1::StoreTokenResponse>& answer,
                  bool is_fresh) {
  if (absl::IsResourceExhausted(answer.status())) {  // ACE-AZI-3
    return {Verdict::kDenied, ReasonCode::kQuotaExceeded, "too many tokens"};
  }
  if (!answer.ok() || answer->outcome_case() ==
                          policy::v1::StoreTokenResponse::OUTCOME_NOT_SET) {
    // RFC 9431 section 2.2.2, as of a token that is not valid.
    return {Verdict::kError, ReasonCode::kNotAuthorized, "no decision"};
  }
  if (answer->has_denial()) {
    const Denial& denial = answer->denial();
    return {Verdict::kDenied,
            denial.reason() == Denial::REASON_TOKEN_UNPARSABLE
                ? ReasonCode::kPayloadFormatInvalid
                : ReasonCode::kNotAuthorized,
            denial.detail()};
  }
  // Where it lies in the store, whoever connects with it is refused.
  if (!is_fresh || answer->has_token_nonce()) {
    return {Verdict::kDenied, ReasonCode::kNotAuthorized,
            std::string(kNotFresh)};
  }
  return {};
}

}  // namespace

// ACE-AZI-1
void Session::OnTokenPublish(const mqtt::Publish& publish) {
  if (publish.payload.size() < publish.payload_size) {
    AnswerTokenPublish(publish.qos, publish.packet_id, Verdict::kDenied,
                       ReasonCode::kPayloadFormatInvalid,
                       "too large for a token");
    return;
  }
  auto request = absl::make_unique<policy::v1::StoreTokenRequest>();
  FillConnectionInfo(request->mutable_connection());
  request->set_token(publish.payload.data(), publish.payload.size());
  StoreRequest entry{0, publish.packet_id, publish.qos, nullptr};
  if (context_.client_nonces != nullptr) {
    // As in AskForGrant().
    entry.held = absl::make_unique<policy::v1::StoreTokenRequest>(*request);
    entry.held->set_asked_cnonce(true);
    request->set_ask_cnonce(true);
  }
  entry.id = AskToStore(std::move(request));
  store_requests_.push_back(std::move(entry));
}

uint64_t Session::AskToStore(
    std::unique_ptr<policy::v1::StoreTokenRequest> request) {
  const uint64_t id = ++last_request_id_;
  NoteQuestion(id);
  effects_->StoreToken(id, std::move(request));
  return id;
}

// ACE-AZI-2
void Session::OnStoreTokenAnswer(
    uint64_t request_id,
    const absl::StatusOr<policy::v1::StoreTokenResponse>& answer,
    absl::Time now, Effects* effects) {
  Begin(now, effects);
  NoteAnswer(request_id);
  if (state_ != State::kOpen) return;
  const auto found = std::find_if(
      store_requests_.begin(), store_requests_.end(),
      [&](const StoreRequest& request) { return request.id == request_id; });
  if (found == store_requests_.end()) return;
  const bool is_fresh =
      answer.ok() &&
      (answer->has_token_nonce() ? IsFresh(answer->token_nonce().cnonce())
                                 : IsFresh(answer->stored().cnonce()));
  if (is_fresh && answer->has_token_nonce() && found->held != nullptr) {
    found->id = AskToStore(std::move(found->held));
    return;
  }
  const StoreRequest request = std::move(*found);
  store_requests_.erase(found);

  const Outcome outcome = OutcomeOf(answer, is_fresh);
  AnswerTokenPublish(request.qos, request.packet_id, outcome.verdict,
                     outcome.code, outcome.why);
}

void Session::AnswerTokenPublish(uint8_t qos, uint16_t packet_id,
                                 Verdict verdict, ReasonCode code,
                                 absl::string_view why) {
  const std::string& topic = context_.settings->authz_info_topic;
  const DecisionId id = Decide(Action::kStoreToken, verdict, code, topic, why);
  if (verdict == Verdict::kDenied) {
    Report(Event::Kind::kDenied, Action::kStoreToken, code, topic, why);
  }
  AnswerPublish(qos, packet_id, code, id);
}

}  // namespace sluice::session
