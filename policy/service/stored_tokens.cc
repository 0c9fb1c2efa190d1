// Authenticator's dealings with tokens that are stored: putting them there, and
// clients that come without one because one is.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/client_certificate.h"
#include "policy/ace/issuer.h"
#include "policy/ace/rejection.h"
#include "policy/ace/token_format.h"
#include "policy/ace/token_identity.h"
#include "policy/service/answers.h"
#include "policy/service/authenticator.h"
#include "policy/service/draft01_proof.h"
#include "policy/service/kept_client_id.h"
#include "policy/service/kept_until.h"
#include "policy/service/stored_keys.h"
#include "proto/timestamp.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

// Longer tokens are not stored. This holds 200 topic filters of forty bytes,
// beside a key; most tokens have a tenth.
constexpr size_t kMaxStoredTokenBytes = 16 * 1024;

// Whether whoever has the token can make others that say the same: what is not
// signed of a COSE message can be changed, and anybody may encrypt with the
// broker's public key.
bool HasOtherForms(const std::string& token) {
  const ace::TokenFormat format = ace::ClassifyToken(AsBytes(token));
  return format == ace::TokenFormat::kCose || format == ace::TokenFormat::kJwe;
}

}  // namespace

// ACE-POP-5
absl::StatusOr<v1::AuthenticateResponse> Authenticator::AuthenticateStored(
    const Attempt& attempt, const v1::StoredTokenCredential& credential) const {
  using Response = v1::AuthenticateResponse;
  const absl::StatusOr<std::optional<TokenRecord>> record = FindStored(attempt);
  if (!record.ok()) return record.status();
  if (!record->has_value()) {
    return Deny<Response>(v1::Denial::REASON_NO_CREDENTIAL,
                          "no token came, and none is stored for the client");
  }
  // ACE-D01-6: such a token ends with its connection.
  const ace::Issuer* const issuer =
      ace::FindIssuer(verifier_.issuers(), (*record)->issuer);
  if (issuer != nullptr && issuer->profile == ace::Profile::kDraft01) {
    return Deny<Response>(v1::Denial::REASON_NO_CREDENTIAL,
                          "no token came, and the stored one is of draft-01");
  }
  if (credential.has_challenge()) {
    v1::TokenCredential with_token;
    with_token.set_token((*record)->token);
    *with_token.mutable_challenge() = credential.challenge();
    return AuthenticateToken(attempt, with_token);
  }
  const absl::Status usable = VerifyFor(attempt, (*record)->token).status();
  if (!usable.ok()) {
    const std::optional<ace::Rejection> rejection = ace::RejectionOf(usable);
    if (!rejection.has_value()) return usable;
    if (*rejection == ace::Rejection::kRevoked) {
      return DenialOrError<Response>(usable);
    }
    auto denied = Deny<Response>(
        v1::Denial::REASON_NO_CREDENTIAL,
        absl::StrCat("the stored token is good no more: ", usable.message()));
    if (const auto identity = ace::IdentityOf(usable); identity.has_value()) {
      NameToken(*identity, /*proven=*/false, denied.mutable_denial());
    }
    return denied;
  }
  Response response;
  response.mutable_challenge_required();
  return response;
}

// ACE-TOK-5
absl::StatusOr<v1::AuthenticateResponse> Authenticator::Recheck(
    const Attempt& attempt, const v1::RecheckCredential& credential) const {
  using Response = v1::AuthenticateResponse;
  // What has come as a User Name is kept as such (ACE-D01-4).
  std::string token = speaks_draft01_ ? TokenOfUserName(credential.token())
                                      : credential.token();
  if (credential.has_stored_key_id()) {
    absl::StatusOr<std::optional<TokenRecord>> record =
        store_->Find(credential.stored_key_id(), attempt.now);
    if (!record.ok()) return record.status();
    if (!record->has_value()) {
      return Deny<Response>(v1::Denial::REASON_NO_CREDENTIAL,
                            "the client's token is not stored any more");
    }
    token = std::move((*record)->token);
  }
  const absl::StatusOr<ace::VerifiedToken> verified = VerifyFor(attempt, token);
  if (!verified.ok()) return DenialOrError<Response>(verified.status());
  if (credential.has_stored_key_id() &&
      verified->pop_key.thumbprint() != credential.stored_key_id()) {
    return Deny<Response>(v1::Denial::REASON_TOKEN_INVALID,
                          "the stored token has become another key's");
  }
  absl::StatusOr<v1::AuthenticateResponse> answer = Admit(attempt, *verified);
  if (!answer.ok() || !answer->has_grant()) return answer;
  // The grant does not rest on it.
  TellUnwritten(Restore(attempt, token, *verified));
  return answer;
}

absl::Status Authenticator::Restore(const Attempt& attempt,
                                    const std::string& token,
                                    const ace::VerifiedToken& verified) const {
  if (token.size() > kMaxStoredTokenBytes) return absl::OkStatus();
  const absl::Time now = attempt.now;
  TokenRecord record =
      RecordOf(token, verified, attempt.connection.client_id(), now);
  const absl::StatusOr<std::optional<TokenRecord>> of_client =
      store_->FindByClientId(record.client_id, now);
  if (!of_client.ok()) return of_client.status();
  if (of_client->has_value() && (*of_client)->binding != record.binding) {
    record.client_id.clear();  // proven since, by who has another key
  }
  absl::Status stored = store_->Restore(std::move(record), now);
  return absl::IsAlreadyExists(stored) ? absl::OkStatus() : stored;
}

absl::StatusOr<v1::AuthenticateResponse> Authenticator::AdmitAndStore(
    const Attempt& attempt, const std::string& token,
    const ace::VerifiedToken& verified) const {
  absl::StatusOr<v1::AuthenticateResponse> answer = Admit(attempt, verified);
  if (!answer.ok() || !answer->has_grant()) return answer;
  if (token.size() > kMaxStoredTokenBytes) return answer;
  absl::Status stored = store_->Put(
      RecordOf(token, verified, attempt.connection.client_id(), attempt.now),
      attempt.now);
  // One that comes too often is granted all the same.
  if (!stored.ok() && !absl::IsAlreadyExists(stored)) return stored;
  return answer;
}

absl::StatusOr<v1::StoreTokenResponse> Authenticator::StoreVerified(
    const v1::StoreTokenRequest& request, const ace::VerifiedToken& token,
    absl::Time now) const {
  using Response = v1::StoreTokenResponse;
  if (request.token().size() > kMaxStoredTokenBytes) {
    return Deny<Response>(
        v1::Denial::REASON_TOKEN_INVALID,
        absl::StrCat("the token is too long to be stored: it has more than ",
                     kMaxStoredTokenBytes, " bytes"));
  }
  // Unless TLS has, nobody has proven anything; and no Client Identifier stands
  // for the token.
  TokenRecord record = RecordOf(request.token(), token, "", now);
  const absl::Status stored = IsProvenByTls(request.connection(), token)
                                  ? store_->Put(std::move(record), now)
                                  : store_->PutUnproven(std::move(record), now);
  if (absl::IsAlreadyExists(stored)) {
    return Deny<Response>(v1::Denial::REASON_TOKEN_INVALID, stored.message());
  }
  if (!stored.ok()) return stored;
  Response response;
  response.mutable_stored()->set_token_id(token.token_id);
  *response.mutable_stored()->mutable_expires_at() =
      ToTimestamp(token.expires_at);
  response.mutable_stored()->set_cnonce(token.client_nonce);
  return response;
}

void Authenticator::TellUnwritten(const absl::Status& status) const {
  if (!status.ok() && on_unwritten_ != nullptr) on_unwritten_(status);
}

Authenticator::TlsBindings Authenticator::TlsBindingsOf(
    const v1::ConnectionInfo& connection) {
  TlsBindings bindings;
  if (!connection.psk_key_id().empty()) {
    bindings.has_key = true;
    bindings.names.push_back(connection.psk_key_id());
  } else if (!connection.client_certificate().empty()) {
    ace::ClientCertificate certificate =
        ace::ReadClientCertificate(AsBytes(connection.client_certificate()));
    bindings.has_key = certificate.key_thumbprint.has_value();
    if (bindings.has_key) {
      bindings.names.push_back(*std::move(certificate.key_thumbprint));
    }
    bindings.names.push_back(std::move(certificate.identity));
  }
  return bindings;
}

bool Authenticator::IsProvenByTls(const v1::ConnectionInfo& connection,
                                  const ace::VerifiedToken& token) {
  const std::vector<std::string> names = TlsBindingsOf(connection).names;
  return std::find(names.begin(), names.end(), token.pop_key.thumbprint()) !=
         names.end();
}

// A certificate without a key of ours that no token is bound to says nothing
// about who the client is.
absl::StatusOr<std::optional<TokenRecord>> Authenticator::FindStored(
    const Attempt& attempt) const {
  const TlsBindings bindings = TlsBindingsOf(attempt.connection);
  for (const std::string& name : bindings.names) {
    absl::StatusOr<std::optional<TokenRecord>> record =
        store_->Find(name, attempt.now);
    if (!record.ok() || record->has_value()) return record;
  }
  if (bindings.has_key) return std::nullopt;
  return store_->FindByClientId(KeptClientId(attempt.connection.client_id()),
                                attempt.now);
}

TokenRecord Authenticator::RecordOf(const std::string& token,
                                    const ace::VerifiedToken& verified,
                                    absl::string_view client_id,
                                    absl::Time now) const {
  TokenRecord record{
      verified.pop_key.thumbprint(), StoredFormOf(token, verified, now),
      KeptUntil(verified, now), KeptClientId(client_id), verified.issuer};
  KeepKey(verified.pop_key, now, &record);
  record.subject = verified.subject;
  record.issued_at = verified.issued_at;
  return record;
}

std::string Authenticator::StoredFormOf(const std::string& token,
                                        const ace::VerifiedToken& verified,
                                        absl::Time now) const {
  if (!HasOtherForms(token)) return token;
  absl::StatusOr<std::optional<TokenRecord>> record =
      store_->Find(verified.pop_key.thumbprint(), now);
  if (!record.ok() || !record->has_value() || (*record)->token == token) {
    return token;
  }
  const absl::StatusOr<ace::VerifiedToken> stored =
      verifier_.Verify(AsBytes((*record)->token), now, &token_cache_);
  const bool is_same = stored.ok() && stored->issuer == verified.issuer &&
                       stored->digest == verified.digest;
  return is_same ? std::move((*record)->token) : token;
}

}  // namespace sluice::policy
