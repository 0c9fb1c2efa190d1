#include "policy/service/authenticator.h"

#include <cstdint>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/timestamp.pb.h"
#include "policy/ace/rejection.h"
#include "policy/service/proof.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

// `time` is between the years 1970 and 9999, where the verifier has `exp`.
google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  google::protobuf::Timestamp timestamp;
  const int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(static_cast<int32_t>(
      absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
  return timestamp;
}

v1::Denial::Reason ReasonOf(ace::Rejection rejection) {
  switch (rejection) {
    case ace::Rejection::kUnparsable:
      return v1::Denial::REASON_TOKEN_UNPARSABLE;
    case ace::Rejection::kInvalid:
      return v1::Denial::REASON_TOKEN_INVALID;
    case ace::Rejection::kExpired:
      return v1::Denial::REASON_TOKEN_EXPIRED;
    case ace::Rejection::kProof:
      return v1::Denial::REASON_PROOF_INVALID;
  }
  return v1::Denial::REASON_UNSPECIFIED;
}

template <typename Response>
Response Deny(v1::Denial::Reason reason, absl::string_view detail) {
  Response response;
  response.mutable_denial()->set_reason(reason);
  response.mutable_denial()->set_detail(std::string(detail));
  return response;
}

// A failed check as an answer: a refused credential is a denial, anything else
// stays an error.
template <typename Response>
absl::StatusOr<Response> DenialOrError(const absl::Status& status) {
  const std::optional<ace::Rejection> rejection = ace::RejectionOf(status);
  if (!rejection.has_value()) return status;
  return Deny<Response>(ReasonOf(*rejection), status.message());
}

void AddPermissions(const std::vector<ace::Permission>& permissions,
                    v1::Grant* grant) {
  for (const ace::Permission& permission : permissions) {
    v1::Permission* added = grant->add_permissions();
    added->set_topic_filter(permission.topic_filter);
    added->set_publish(permission.publish);
    added->set_subscribe(permission.subscribe);
  }
}

bool IsKnownVersion(const v1::ConnectionInfo& connection) {
  return connection.protocol_version() == v1::PROTOCOL_VERSION_MQTT_3_1_1 ||
         connection.protocol_version() == v1::PROTOCOL_VERSION_MQTT_5_0;
}

constexpr char kUnknownVersion[] = "the request names no MQTT version we know";

}  // namespace

Authenticator::Authenticator(ace::TokenVerifier verifier,
                             const std::vector<ace::Permission>& public_topics,
                             std::shared_ptr<TokenStoreInterface> store)
    : verifier_(std::move(verifier)), store_(std::move(store)) {
  AddPermissions(public_topics, &public_grant_);
}

absl::StatusOr<v1::AuthenticateResponse> Authenticator::Authenticate(
    const v1::AuthenticateRequest& request, absl::Time now) const {
  using Response = v1::AuthenticateResponse;
  if (!IsKnownVersion(request.connection())) {
    return Deny<Response>(v1::Denial::REASON_UNSPECIFIED, kUnknownVersion);
  }
  switch (request.credential_case()) {
    case v1::AuthenticateRequest::kToken:
      return AuthenticateToken(request.token(), now);
    case v1::AuthenticateRequest::kAnonymous: {
      if (public_grant_.permissions().empty() &&
          !request.anonymous().authz_info_enabled()) {
        return Deny<Response>(v1::Denial::REASON_NO_CREDENTIAL,
                              "there is nothing for anonymous clients to do");
      }
      Response response;
      *response.mutable_grant() = public_grant_;
      return response;
    }
    case v1::AuthenticateRequest::kStoredToken:
    case v1::AuthenticateRequest::kRecheck:
    case v1::AuthenticateRequest::CREDENTIAL_NOT_SET:
      break;
  }
  return Deny<Response>(v1::Denial::REASON_NO_CREDENTIAL,
                        "the request holds no credential we know");
}

absl::StatusOr<v1::AuthenticateResponse> Authenticator::AuthenticateToken(
    const v1::TokenCredential& credential, absl::Time now) const {
  const absl::StatusOr<ace::VerifiedToken> token =
      verifier_.Verify(AsBytes(credential.token()), now);
  if (!token.ok()) {
    return DenialOrError<v1::AuthenticateResponse>(token.status());
  }
  if (absl::Status proof = CheckProof(credential, token->pop_key);
      !proof.ok()) {
    return DenialOrError<v1::AuthenticateResponse>(proof);
  }
  if (absl::Status stored = Store(credential.token(), *token, now);
      !stored.ok()) {
    return stored;
  }
  v1::AuthenticateResponse response;
  v1::Grant* grant = response.mutable_grant();
  *grant = public_grant_;
  grant->set_subject(token->subject);
  grant->set_issuer(token->issuer);
  grant->set_token_id(token->token_id);
  AddPermissions(token->scope.permissions, grant);
  *grant->mutable_expires_at() = ToTimestamp(token->expires_at);
  return response;
}

absl::StatusOr<v1::StoreTokenResponse> Authenticator::StoreToken(
    const v1::StoreTokenRequest& request, absl::Time now) const {
  using Response = v1::StoreTokenResponse;
  if (!IsKnownVersion(request.connection())) {
    return Deny<Response>(v1::Denial::REASON_UNSPECIFIED, kUnknownVersion);
  }
  const absl::StatusOr<ace::VerifiedToken> token =
      verifier_.Verify(AsBytes(request.token()), now);
  if (!token.ok()) return DenialOrError<Response>(token.status());
  if (absl::Status stored = Store(request.token(), *token, now); !stored.ok()) {
    return stored;
  }
  Response response;
  response.mutable_stored()->set_token_id(token->token_id);
  *response.mutable_stored()->mutable_expires_at() =
      ToTimestamp(token->expires_at);
  return response;
}

absl::Status Authenticator::Store(const std::string& token,
                                  const ace::VerifiedToken& verified,
                                  absl::Time now) const {
  return store_->Put(
      TokenRecord{verified.pop_key.thumbprint(), token, verified.expires_at},
      now);
}

}  // namespace sluice::policy
