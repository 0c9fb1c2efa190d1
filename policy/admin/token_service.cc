#include "policy/admin/token_service.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/ace/rejection.h"
#include "policy/admin/errors.h"
#include "policy/admin/page_token.h"
#include "policy/admin/token_name.h"
#include "policy/service/grpc_status.h"
#include "policy/service/key_ids.h"
#include "policy/service/permission_proto.h"
#include "proto/timestamp.h"

namespace sluice::policy {
namespace {

using admin::v1::Token;

// The listing's name for page tokens.
std::string ListingOf(const admin::v1::ListTokensRequest& request) {
  return absl::StrCat("tokens ", request.subject());
}

// The token itself, and the keys of its issuer.
constexpr int kMaxQuestions = 2;

Token Show(const TokenRecord& record) {
  Token token;
  token.set_name(TokenName(record.binding));
  token.set_issuer(record.issuer);
  token.set_subject(record.subject);
  token.set_client_id(record.client_id);
  *token.mutable_expire_time() = ToTimestamp(record.expires_at);
  return token;
}

void ShowState(const absl::StatusOr<ace::VerifiedToken>& verified,
               Token* token) {
  token->clear_detail();
  if (!verified.ok()) {
    token->set_state(ace::RejectionOf(verified.status()).has_value()
                         ? Token::STATE_REFUSED
                         : Token::STATE_UNDECIDED);
    token->set_detail(std::string(verified.status().message()));
    return;
  }
  token->set_state(Token::STATE_ACTIVE);
  token->set_token_id(verified->token_id);
  for (std::string& key_id : KeyIdsOf(verified->pop_key, "")) {
    token->add_key_ids(std::move(key_id));
  }
  for (const ace::Permission& permission : verified->scope.permissions) {
    *token->add_permissions() = ToProto(permission);
  }
}

bool ComesBefore(const TokenRecord& a, const TokenRecord& b) {
  return a.binding < b.binding;
}

}  // namespace

grpc::ServerUnaryReactor* TokenService::ListTokens(
    grpc::CallbackServerContext* context,
    const admin::v1::ListTokensRequest* request,
    admin::v1::ListTokensResponse* response) {
  return pool_->React(context, access_->CheckOperator(*context),
                      [this, request, response](auto* reactor) {
                        reactor->Finish(List(*request, response));
                      });
}

grpc::Status TokenService::List(const admin::v1::ListTokensRequest& request,
                                admin::v1::ListTokensResponse* response) {
  PageBounds bounds;
  const grpc::Status status = ReadPage(ListingOf(request), request.page_size(),
                                       request.page_token(), &bounds);
  if (!status.ok()) return status;
  PageRoom room(bounds.size);
  const absl::Time now = clock_();
  absl::StatusOr<std::vector<TokenRecord>> records =
      request.subject().empty()
          ? store_->List(bounds.after, room.items() + 1, now)
          : store_->FindBySubject("", request.subject(), kMaxTokensOfSubject,
                                  now);
  if (!records.ok()) return ToGrpcStatus(records.status());
  std::sort(records->begin(), records->end(), &ComesBefore);
  absl::string_view last;
  for (const TokenRecord& record : *records) {
    if (record.binding <= bounds.after) continue;
    if (room.is_full()) {
      response->set_next_page_token(MakePageToken(ListingOf(request), last));
      break;
    }
    Token* token = response->add_tokens();
    *token = Show(record);
    room.Take(token->ByteSizeLong());
    last = record.binding;
  }
  return grpc::Status::OK;
}

grpc::Status TokenService::Find(const std::string& name, TokenRecord* record) {
  const std::optional<std::string> binding = BindingOfToken(name);
  if (!binding.has_value()) {
    return FieldError("name", "expected \"tokens/ID\"");
  }
  absl::StatusOr<std::optional<TokenRecord>> found =
      store_->Find(*binding, clock_());
  if (!found.ok()) return ToGrpcStatus(found.status());
  if (!found->has_value()) return NoSuchResource(name);
  *record = **std::move(found);
  return grpc::Status::OK;
}

grpc::ServerUnaryReactor* TokenService::GetToken(
    grpc::CallbackServerContext* context,
    const admin::v1::GetTokenRequest* request, Token* response) {
  return pool_->React(context, access_->CheckOperator(*context),
                      [this, request, response](auto* reactor) {
                        Get(request->name(), reactor, response);
                      });
}

void TokenService::Get(const std::string& name,
                       grpc::ServerUnaryReactor* reactor, Token* response) {
  TokenRecord record;
  if (grpc::Status s = Find(name, &record); !s.ok()) {
    reactor->Finish(s);
    return;
  }
  *response = Show(record);
  DecisionCall::Start(
      {deciders_, clock_, Introspector::Freshness::kRemembered, kMaxQuestions,
       pool_},
      [token = std::move(record.token), response](
          const Authenticator& authenticator, absl::Time now,
          ReferenceAnswers* references) {
        const absl::StatusOr<ace::VerifiedToken> verified =
            authenticator.Verify(v1::ConnectionInfo(), token, now, references);
        ShowState(verified, response);
        return verified.status();
      },
      [reactor](const absl::Status&, const ReferenceAnswers&, absl::Time) {
        reactor->Finish(grpc::Status::OK);
      });
}

}  // namespace sluice::policy
