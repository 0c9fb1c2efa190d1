#include "proxy/transport/policy_questions.h"

#include <utility>

#include "absl/status/statusor.h"
#include "proxy/transport/client_connection.h"
#include "proxy/transport/connection_table.h"
#include "proxy/transport/pre_shared_key.h"

namespace sluice::transport {
namespace {

absl::StatusOr<PreSharedKey> ToPreSharedKey(
    absl::StatusOr<policy::v1::GetPreSharedKeyResponse> answer) {
  if (!answer.ok()) return answer.status();
  if (!answer->has_key()) return PreSharedKey::None(answer->none().detail());
  std::string* const bytes = answer->mutable_key()->mutable_key();
  PreSharedKey key(AsBytes(*bytes), answer->key().key_id());
  OPENSSL_cleanse(&(*bytes)[0], bytes->size());
  return key;
}

}  // namespace

template <typename Response>
policy_client::PolicyClientInterface::Callback<Response>
PolicyQuestions::PostTo(void (ClientConnection::*on_answer)(
                            uint64_t, const absl::StatusOr<Response>&),
                        uint64_t request_id, size_t* unanswered) const {
  return [mailbox = context_->loop->mailbox(), table = context_->connections,
          id = id_, request_id, on_answer,
          unanswered](absl::StatusOr<Response> answer) {
    mailbox->Post([table, id, request_id, on_answer, unanswered,
                   answer = std::move(answer)] {
      if (unanswered != nullptr) --*unanswered;
      ClientConnection* connection = table->Find(id);
      if (connection == nullptr) return;
      (connection->*on_answer)(request_id, answer);
    });
  };
}

void PolicyQuestions::Authenticate(const session::Effect& effect) {
  ++context_->unanswered;
  context_->policy->Authenticate(
      context_->effects.authenticate(effect),
      PostTo(&ClientConnection::OnAuthenticateAnswer, effect.request_id,
             &context_->unanswered));
}

void PolicyQuestions::StoreToken(const session::Effect& effect) {
  context_->policy->StoreToken(
      context_->effects.store_token(effect),
      PostTo(&ClientConnection::OnStoreTokenAnswer, effect.request_id));
}

void PolicyQuestions::Check(const session::Effect& effect) {
  context_->policy->Check(
      context_->effects.check(effect),
      PostTo(&ClientConnection::OnCheckAnswer, effect.request_id));
}

void PolicyQuestions::GetPreSharedKey(const std::string& listener,
                                      const std::string& client_address,
                                      absl::string_view identity) {
  policy::v1::GetPreSharedKeyRequest request;
  request.mutable_connection()->set_listener(listener);
  request.mutable_connection()->set_client_address(client_address);
  request.set_psk_identity(std::string(identity));
  context_->policy->GetPreSharedKey(
      request,
      [mailbox = context_->loop->mailbox(), table = context_->connections,
       id = id_](absl::StatusOr<policy::v1::GetPreSharedKeyResponse> answer) {
        mailbox->Post(
            [table, id, key = ToPreSharedKey(std::move(answer))]() mutable {
              ClientConnection* connection = table->Find(id);
              if (connection == nullptr) return;
              connection->OnPreSharedKey(std::move(key));
            });
      });
}

}  // namespace sluice::transport
