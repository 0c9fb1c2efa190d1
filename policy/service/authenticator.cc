#include "policy/service/authenticator.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/claims.h"
#include "policy/ace/digest.h"
#include "policy/ace/missing_keys.h"
#include "policy/ace/rejection.h"
#include "policy/ace/token_identity.h"
#include "policy/rules/rule.h"
#include "policy/service/answers.h"
#include "policy/service/draft01_proof.h"
#include "policy/service/kept_client_id.h"
#include "policy/service/kept_until.h"
#include "policy/service/key_ids.h"
#include "policy/service/permission_proto.h"
#include "policy/service/policy_digest.h"
#include "policy/service/proof.h"
#include "proto/protocol_version.h"
#include "proto/timestamp.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

void AddPermissions(const std::vector<ace::Permission>& permissions,
                    v1::Grant* grant) {
  for (const ace::Permission& permission : permissions) {
    *grant->add_permissions() = ToProto(permission);
  }
}

bool IsKnownVersion(const v1::ConnectionInfo& connection) {
  return !ProtocolVersionName(connection.protocol_version()).empty();
}

constexpr char kUnknownVersion[] = "the request names no MQTT version we know";

// Until when what must not happen twice with `token` is remembered.
absl::Time ForgetAt(const ace::VerifiedToken& token) {
  return token.may_outlive_grant ? absl::InfiniteFuture()
                                 : token.expires_at + ace::kMaxClockSkew;
}

// Who may go on using a Client Identifier (EDGE-20). A token that names nobody
// stands for its key. Lengths, so that no boundary can move.
std::string OwnerOf(const ace::VerifiedToken& token) {
  const bool named = !token.subject.empty();
  return absl::StrCat(token.issuer.size(), ":", token.issuer,
                      named ? "sub:" : "jkt:",
                      named ? token.subject : token.pop_key.thumbprint());
}

std::string NameForFirstSeen(const ace::VerifiedToken& token) {
  return absl::StrCat(token.issuer.size(), ":", token.issuer, token.token_id);
}

// ACE-D01-5
absl::Status CheckFit(const v1::ConnectionInfo& connection,
                      const ace::VerifiedToken& token) {
  if (token.profile != ace::Profile::kDraft01 || FitsDraft01(connection)) {
    return absl::OkStatus();
  }
  return ace::RejectedError(
      ace::Rejection::kInvalid,
      "draft-01 takes a Clean Start and no Session Expiry Interval");
}

// Whether only an authorization server can say what `token` is, of which a
// verifier says `status` (ACE-AZI-2).
bool IsReference(absl::string_view token, const absl::Status& status) {
  return !token.empty() &&
         ace::RejectionOf(status) == ace::Rejection::kUnparsable;
}

// Whether what `status` says is to be decided again, with newer keys.
bool WantsKeys(const absl::Status& status, ReferenceAnswers* references) {
  const std::optional<std::string> issuer = ace::IssuerWithMissingKeys(status);
  return issuer.has_value() && references != nullptr &&
         references->WantKeys(*issuer);
}

ace::TokenIdentity IdentityOf(const ace::VerifiedToken& token) {
  return {token.issuer, token.subject, token.token_id};
}

bool AnyDraft01(const ace::TokenVerifier& verifier) {
  const std::vector<ace::Issuer>& issuers = verifier.issuers();
  return std::any_of(issuers.begin(), issuers.end(),
                     [](const ace::Issuer& issuer) {
                       return issuer.profile == ace::Profile::kDraft01;
                     });
}

}  // namespace

Authenticator::Authenticator(ace::TokenVerifier verifier,
                             const std::vector<ace::Permission>& public_topics,
                             std::shared_ptr<TokenStoreInterface> store,
                             std::shared_ptr<FactStoreInterface> facts,
                             std::shared_ptr<const Replica> managed,
                             UnwrittenListener on_unwritten)
    : verifier_(std::move(verifier)),
      store_(std::move(store)),
      facts_(std::move(facts)),
      managed_(std::move(managed)),
      on_unwritten_(std::move(on_unwritten)),
      digest_(PolicyDigest(verifier_.options(), public_topics)),
      speaks_draft01_(AnyDraft01(verifier_)) {
  AddPermissions(public_topics, &public_grant_);
  for (const ace::Permission& topic : public_topics) {
    declared_topics_.insert(topic.topic_filter);
  }
}

absl::StatusOr<v1::AuthenticateResponse> Authenticator::Authenticate(
    const v1::AuthenticateRequest& request, absl::Time now,
    ReferenceAnswers* references) const {
  if (absl::Status s = managed_->CheckComplete(); !s.ok()) return s;
  // Before the decision, so that what changes meanwhile is not taken for a part
  // of it.
  const std::string version = managed_->PolicyVersionOf(digest_);
  absl::StatusOr<v1::AuthenticateResponse> answer =
      Decide(request, {request.connection(), now, references});
  if (!answer.ok() || !answer->has_grant()) return answer;
  v1::Grant* const grant = answer->mutable_grant();
  const absl::Status ruled = AddRules(request.connection(), grant);
  // No outage, at which a live session would keep the grant that it has.
  if (absl::IsResourceExhausted(ruled)) {
    auto denied = Deny<v1::AuthenticateResponse>(v1::Denial::REASON_UNSPECIFIED,
                                                 ruled.message());
    if (!grant->issuer().empty()) {
      NameToken({grant->issuer(), grant->subject(), grant->token_id()},
                /*proven=*/true, denied.mutable_denial());
    }
    return denied;
  }
  if (!ruled.ok()) return ruled;
  grant->set_policy_version(version);
  return answer;
}

absl::StatusOr<v1::AuthenticateResponse> Authenticator::Decide(
    const v1::AuthenticateRequest& request, const Attempt& attempt) const {
  using Response = v1::AuthenticateResponse;
  if (!IsKnownVersion(attempt.connection)) {
    return Deny<Response>(v1::Denial::REASON_UNSPECIFIED, kUnknownVersion);
  }
  switch (request.credential_case()) {
    case v1::AuthenticateRequest::kToken:
      return AuthenticateToken(attempt, request.token());
    case v1::AuthenticateRequest::kStoredToken:
      return AuthenticateStored(attempt, request.stored_token());
    case v1::AuthenticateRequest::kAnonymous:
      return AuthenticateAnonymous(attempt, request.anonymous());
    case v1::AuthenticateRequest::kRecheck:
      return Recheck(attempt, request.recheck());
    case v1::AuthenticateRequest::CREDENTIAL_NOT_SET:
      break;
  }
  return Deny<Response>(v1::Denial::REASON_NO_CREDENTIAL,
                        "the request holds no credential we know");
}

absl::StatusOr<v1::AuthenticateResponse> Authenticator::AuthenticateToken(
    const Attempt& attempt, const v1::TokenCredential& credential) const {
  using Response = v1::AuthenticateResponse;
  const std::string token = credential.has_payload()
                                ? TokenOfUserName(credential.token())
                                : credential.token();
  if (credential.ask_cnonce()) return TellNonce<Response>(attempt, token);
  const absl::StatusOr<ace::VerifiedToken> verified = VerifyFor(attempt, token);
  if (!verified.ok()) return DenialOrError<Response>(verified.status());
  // In this order, so that a refused connection does not use up a proof.
  absl::Status status = CheckFit(attempt.connection, *verified);
  if (status.ok()) status = CheckPossession(attempt, credential, *verified);
  if (!status.ok()) {
    return DenialOrError<Response>(
        ace::WithIdentity(std::move(status), IdentityOf(*verified)));
  }
  return AdmitAndStore(attempt, token, *verified);
}

absl::StatusOr<v1::AuthenticateResponse> Authenticator::AuthenticateAnonymous(
    const Attempt& attempt, const v1::AnonymousCredential& credential) const {
  using Response = v1::AuthenticateResponse;
  const v1::ConnectionInfo& connection = attempt.connection;
  Response response;
  // ACE-AUTH-4: a token in the User Name counts before what TLS selects.
  if (credential.has_user_name() && speaks_draft01_) {
    response.mutable_user_name_wanted();
    return response;
  }
  const absl::StatusOr<std::optional<ace::VerifiedToken>> token =
      FindByTls(attempt);
  if (!token.ok()) return DenialOrError<Response>(token.status());
  if (token->has_value()) return AuthenticateByTls(attempt, **token);
  if (connection.bind_client_id() && !connection.client_id().empty()) {
    const absl::StatusOr<std::optional<std::string>> owner =
        facts_.FindClientIdOwner(KeptClientId(connection.client_id()),
                                 attempt.now);
    if (!owner.ok()) return owner.status();
    if (owner->has_value()) {
      return Deny<Response>(v1::Denial::REASON_CLIENT_ID_IN_USE,
                            "the Client Identifier has an owner");
    }
  }
  *response.mutable_grant() = PublicGrant();
  if (response.grant().permissions().empty() &&
      !credential.authz_info_enabled()) {
    return Deny<Response>(v1::Denial::REASON_NO_CREDENTIAL,
                          "there is nothing for anonymous clients to do");
  }
  return response;
}

// ACE-AUTH-3
absl::StatusOr<std::optional<ace::VerifiedToken>> Authenticator::FindByTls(
    const Attempt& attempt) const {
  for (const std::string& name : TlsBindingsOf(attempt.connection).names) {
    const absl::StatusOr<std::optional<TokenRecord>> record =
        store_->Find(name, attempt.now);
    if (!record.ok()) return record.status();
    if (!record->has_value()) continue;
    absl::StatusOr<ace::VerifiedToken> token =
        VerifyFor(attempt, (*record)->token);
    if (token.ok() && token->pop_key.thumbprint() == (*record)->binding) {
      return *std::move(token);
    }
    // One that is good no more counts for nothing; one that is revoked does
    // not make its client an anonymous one.
    if (!token.ok() &&
        ace::RejectionOf(token.status()).value_or(ace::Rejection::kRevoked) ==
            ace::Rejection::kRevoked) {
      return token.status();
    }
  }
  return std::nullopt;
}

absl::StatusOr<v1::AuthenticateResponse> Authenticator::AuthenticateByTls(
    const Attempt& attempt, const ace::VerifiedToken& token) const {
  const absl::Status fit = CheckFit(attempt.connection, token);
  if (fit.ok()) return Admit(attempt, token);
  absl::StatusOr<v1::AuthenticateResponse> denied =
      DenialOrError<v1::AuthenticateResponse>(fit);
  if (denied.ok()) {
    NameToken(IdentityOf(token), /*proven=*/true, denied->mutable_denial());
  }
  return denied;
}

absl::StatusOr<v1::StoreTokenResponse> Authenticator::StoreToken(
    const v1::StoreTokenRequest& request, absl::Time now,
    ReferenceAnswers* references) const {
  using Response = v1::StoreTokenResponse;
  if (absl::Status s = managed_->CheckComplete(); !s.ok()) return s;
  if (!IsKnownVersion(request.connection())) {
    return Deny<Response>(v1::Denial::REASON_UNSPECIFIED, kUnknownVersion);
  }
  const Attempt attempt{request.connection(), now, references};
  if (request.ask_cnonce()) {
    return TellNonce<Response>(attempt, request.token());
  }
  const absl::StatusOr<ace::VerifiedToken> token =
      VerifyFor(attempt, request.token());
  if (!token.ok()) return DenialOrError<Response>(token.status());
  return StoreVerified(request, *token, now);
}

template <typename Response>
absl::StatusOr<Response> Authenticator::TellNonce(
    const Attempt& attempt, absl::string_view token) const {
  const absl::StatusOr<ace::VerifiedToken> verified =
      VerifyUnseen(attempt, token);
  if (!verified.ok()) return DenialOrError<Response>(verified.status());
  Response response;
  response.mutable_token_nonce()->set_cnonce(verified->client_nonce);
  return response;
}

absl::StatusOr<ace::VerifiedToken> Authenticator::VerifyUnseen(
    const Attempt& attempt, absl::string_view token) const {
  ReferenceAnswers* const references = attempt.references;
  absl::StatusOr<ace::VerifiedToken> verified =
      verifier_.Verify(AsBytes(token), attempt.now, &token_cache_);
  if (references != nullptr && references->can_ask() &&
      IsReference(token, verified.status())) {
    verified = references->Find(token);
    if (verified.ok()) verified->digest = ace::Sha256(AsBytes(token));
  }
  if (WantsKeys(verified.status(), references)) {
    return absl::UnavailableError("the issuer's keys are to be read first");
  }
  if (!verified.ok()) return verified;
  const absl::Status status = CheckNotRevoked(attempt, *verified);
  if (!status.ok()) return status;
  return verified;
}

absl::StatusOr<ace::VerifiedToken> Authenticator::Verify(
    const v1::ConnectionInfo& connection, absl::string_view token,
    absl::Time now, ReferenceAnswers* references) const {
  return VerifyFor({connection, now, references}, token);
}

absl::StatusOr<ace::VerifiedToken> Authenticator::VerifyFor(
    const Attempt& attempt, absl::string_view token) const {
  absl::StatusOr<ace::VerifiedToken> verified = VerifyUnseen(attempt, token);
  if (!verified.ok() || !verified->exi.has_value()) return verified;
  const absl::StatusOr<absl::Time> first_seen = facts_.FirstSeen(
      NameForFirstSeen(*verified), ForgetAt(*verified), attempt.now);
  if (!first_seen.ok()) return first_seen.status();
  verified->expires_at = ace::ExpiryFrom(*verified, *first_seen);
  verified->taken_until =
      std::min(verified->taken_until, *first_seen + *verified->exi);
  if (verified->expires_at <= attempt.now) {
    return ace::WithIdentity(
        ace::RejectedError(ace::Rejection::kExpired,
                           "exi: the token was first seen too long ago"),
        IdentityOf(*verified));
  }
  return verified;
}

v1::Grant Authenticator::PublicGrant() const {
  v1::Grant grant = public_grant_;
  for (v1::Permission& permission : managed_->public_topics()) {
    // What the configuration declares counts in its place.
    if (declared_topics_.contains(permission.topic_filter())) continue;
    *grant.add_permissions() = std::move(permission);
  }
  return grant;
}

// ACE-EXP-4
absl::Status Authenticator::CheckNotRevoked(
    const Attempt& attempt, const ace::VerifiedToken& token) const {
  const std::vector<std::string> key_ids =
      KeyIdsOf(token.pop_key, attempt.connection.client_certificate());
  const std::string name = managed_->FindRevocation(
      {token.issuer, token.token_id, token.subject, key_ids}, attempt.now);
  if (name.empty()) return absl::OkStatus();
  return ace::WithIdentity(
      ace::RejectedError(ace::Rejection::kRevoked,
                         absl::StrCat("revoked by ", name)),
      IdentityOf(token));
}

absl::Status Authenticator::CheckPossession(
    const Attempt& attempt, const v1::TokenCredential& credential,
    const ace::VerifiedToken& token) const {
  const v1::ConnectionInfo& connection = attempt.connection;
  if (token.pop_key.is_certificate() &&
      !connection.client_certificate().empty() &&
      token.pop_key.thumbprint() ==
          ace::ReadClientCertificate(AsBytes(connection.client_certificate()))
              .identity) {
    return absl::OkStatus();  // TLS has seen to it
  }
  if (token.profile != ace::Profile::kDraft01) {
    return CheckProof(credential, token.pop_key);
  }
  const absl::StatusOr<ByteView> proof = CheckDraft01Proof(
      credential, connection.protocol_version(), token.pop_key);
  if (!proof.ok()) return proof.status();
  const absl::StatusOr<bool> is_new =
      facts_.UseProof(NameOfProof(token, *proof), ForgetAt(token), attempt.now);
  if (!is_new.ok()) return is_new.status();
  if (*is_new) return absl::OkStatus();
  return ace::RejectedError(ace::Rejection::kProof,
                            "draft-01: the proof has been used before");
}

absl::StatusOr<v1::AuthenticateResponse> Authenticator::Admit(
    const Attempt& attempt, const ace::VerifiedToken& token) const {
  using Response = v1::AuthenticateResponse;
  const absl::StatusOr<bool> owns = Claim(attempt, token);
  if (!owns.ok()) return owns.status();
  if (!*owns) {
    auto denied = Deny<Response>(v1::Denial::REASON_CLIENT_ID_IN_USE,
                                 "the Client Identifier has another owner");
    NameToken(IdentityOf(token), /*proven=*/true, denied.mutable_denial());
    return denied;
  }
  Response response;
  *response.mutable_grant() = TokenGrant(attempt.connection, token);
  return response;
}

absl::StatusOr<bool> Authenticator::Claim(
    const Attempt& attempt, const ace::VerifiedToken& token) const {
  const v1::ConnectionInfo& connection = attempt.connection;
  if (!connection.bind_client_id() || connection.client_id().empty()) {
    return true;
  }
  const std::string client_id = KeptClientId(connection.client_id());
  const std::string owner = OwnerOf(token);
  ClientIdClaim claim{client_id, owner, token.expires_at};
  if (token.may_outlive_grant) {
    claim.enough = token.expires_at;
    claim.expires_at = KeptUntil(token, attempt.now);
  }
  absl::StatusOr<bool> owns = facts_.ClaimClientId(claim, attempt.now);
  if (owns.ok()) return owns;
  // What is the claimant's stays so until it ends, longer or not.
  const absl::StatusOr<std::optional<std::string>> present =
      facts_.FindClientIdOwner(client_id, attempt.now);
  if (!present.ok() || *present != owner) return owns;
  TellUnwritten(owns.status());
  return true;
}

v1::Grant Authenticator::TokenGrant(const v1::ConnectionInfo& connection,
                                    const ace::VerifiedToken& token) const {
  v1::Grant grant = PublicGrant();
  grant.set_subject(token.subject);
  grant.set_issuer(token.issuer);
  grant.set_token_id(token.token_id);
  for (std::string& key_id :
       KeyIdsOf(token.pop_key, connection.client_certificate())) {
    grant.add_key_ids(std::move(key_id));
  }
  AddPermissions(token.scope.permissions, &grant);
  *grant.mutable_expires_at() = ToTimestamp(token.expires_at);
  grant.set_token_may_last_longer(token.may_outlive_grant);
  grant.set_cnonce(token.client_nonce);
  return grant;
}

absl::Status Authenticator::AddRules(const v1::ConnectionInfo& connection,
                                     v1::Grant* grant) const {
  const RuleClient client{grant->issuer(), grant->subject(), connection};
  return managed_->rules()->AddFor(client, grant->mutable_rules());
}

absl::StatusOr<v1::Grant> Authenticator::GrantFor(
    const v1::ConnectionInfo& connection,
    const ace::VerifiedToken* token) const {
  if (absl::Status s = managed_->CheckComplete(); !s.ok()) return s;
  v1::Grant grant =
      token == nullptr ? PublicGrant() : TokenGrant(connection, *token);
  if (absl::Status s = AddRules(connection, &grant); !s.ok()) return s;
  return grant;
}

}  // namespace sluice::policy
