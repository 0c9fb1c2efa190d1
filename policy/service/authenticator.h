#ifndef POLICY_SERVICE_AUTHENTICATOR_H_
#define POLICY_SERVICE_AUTHENTICATOR_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/client_certificate.h"
#include "policy/ace/scope.h"
#include "policy/ace/token_cache.h"
#include "policy/ace/token_verifier.h"
#include "policy/service/reference_answers.h"
#include "policy/service/replica.h"
#include "policy/store/facts.h"
#include "policy/store/token_store.h"
#include "proto/sluice/policy/v1/policy.pb.h"

namespace sluice::policy {

// Decides who may do what: the answers of PolicyService, without gRPC, clock or
// log. Immutable but for a cache, so any thread may call it; a changed
// configuration means a new one over the same store.
//
// Both calls have three outcomes. A grant or a denial is a decision; a denial's
// detail is for the log and holds no secret. An error says that the store
// failed, or an authorization server has to be asked first (`references`; null
// where none can be). Whatever a request leaves unset, or sets to
// something unknown, is denied.
class Authenticator {
 public:
  // Is told why the store did not take what a decision does not rest on. Any
  // thread.
  using UnwrittenListener = std::function<void(const absl::Status&)>;

  // `public_topics`, their filters valid and not shared, and those of `managed`
  // are part of every grant (ACE-SCP-6); of two with one filter only the first
  // is. What `managed` says is revoked is denied (ACE-EXP-4). `on_unwritten`
  // may be null.
  Authenticator(ace::TokenVerifier verifier,
                const std::vector<ace::Permission>& public_topics,
                std::shared_ptr<TokenStoreInterface> store,
                std::shared_ptr<FactStoreInterface> facts,
                std::shared_ptr<const Replica> managed,
                UnwrittenListener on_unwritten = nullptr);

  // Whose tokens are taken, and how they are checked.
  const ace::TokenVerifier& verifier() const { return verifier_; }

  // Equal for two authenticators whose grants follow from the same keys,
  // issuers and public topics. Says nothing of them.
  const std::string& digest() const { return digest_; }

  // A token is checked first, then its proof of possession: that of RFC 9431,
  // or, for tokens of an issuer of draft-01 and for no others, that of the
  // draft (ACE-D01-7). Both right: the token is stored (ACE-CON-5), and the
  // grant holds its scope and the public topics. One that is very long, and one
  // that comes too often (see TokenStoreInterface), is not stored. A stored
  // token is checked as a new one is (ACE-POP-5).
  //
  // A recheck is decided whether or not the store can be written, so that what
  // is narrower counts for live sessions.
  //
  // Asked for a token's `cnonce` only, both calls check the token, answer that
  // and store nothing: proxies know which nonces are good, and a token with
  // another one is not to be stored (ACE-TOK-7).
  //
  // A client for which the rules come to more than kMaxFilledInRuleBytes is
  // denied.
  //
  // A client that sends no credential gets the grant of the stored token that
  // its TLS key fits, pre-shared or a certificate's (ACE-AUTH-3), else the
  // public topics, or, where the proxy takes tokens at `authz-info`, an empty
  // grant (ACE-AUTH-1).
  absl::StatusOr<v1::AuthenticateResponse> Authenticate(
      const v1::AuthenticateRequest& request, absl::Time now,
      ReferenceAnswers* references = nullptr) const;

  // Checks a token that came without a proof and stores it: who uses it later
  // must prove possession then (RFC 9431 section 2.2.2). One that may not take
  // the place of the token that its key has is denied TOKEN_INVALID, and
  // nothing changes (ACE-TOK-7): to say that it was stored would promise its
  // scope; so is one that is too long. Whoever made the TLS handshake with that
  // key has proven possession.
  absl::StatusOr<v1::StoreTokenResponse> StoreToken(
      const v1::StoreTokenRequest& request, absl::Time now,
      ReferenceAnswers* references = nullptr) const;

  // Checks what the token says, be it by itself or by its authorization
  // server, when it was first seen (ACE-TOK-8), and that it is not revoked,
  // which may be by what `connection` has shown (see KeyIdsOf). A failure with
  // an ace::Rejection is a refusal.
  absl::StatusOr<ace::VerifiedToken> Verify(
      const v1::ConnectionInfo& connection, absl::string_view token,
      absl::Time now, ReferenceAnswers* references = nullptr) const;

  // What a client with that token, or with none where it is null, is granted on
  // a connection once all else is in order, without the policy's version. Fails
  // where a rule cannot be read. Changes nothing.
  absl::StatusOr<v1::Grant> GrantFor(const v1::ConnectionInfo& connection,
                                     const ace::VerifiedToken* token) const;

  // The symmetric key of the stored tokens that the identity names
  // (ACE-AUTH-3); a token is checked as a new one is. Where it names several,
  // the one that has had the name for the longest time, whatever issuers and
  // subjects others are of: nobody can take a name away that is in use. Of one
  // subject's, that of the newest token.
  absl::StatusOr<v1::GetPreSharedKeyResponse> GetPreSharedKey(
      const v1::GetPreSharedKeyRequest& request, absl::Time now,
      ReferenceAnswers* references = nullptr) const;

 private:
  // Who is to be decided about, and when.
  struct Attempt {
    const v1::ConnectionInfo& connection;
    absl::Time now;
    ReferenceAnswers* references;  // may be null
  };

  // Verify().
  absl::StatusOr<ace::VerifiedToken> VerifyFor(const Attempt& attempt,
                                               absl::string_view token) const;
  // The same, but for when the token was first seen, which it does not become
  // by this.
  absl::StatusOr<ace::VerifiedToken> VerifyUnseen(
      const Attempt& attempt, absl::string_view token) const;
  // The answer to who asks for the token's `cnonce` only.
  template <typename Response>
  absl::StatusOr<Response> TellNonce(const Attempt& attempt,
                                     absl::string_view token) const;
  // `attempt`: the request's.
  absl::StatusOr<v1::AuthenticateResponse> Decide(
      const v1::AuthenticateRequest& request, const Attempt& attempt) const;
  absl::StatusOr<v1::AuthenticateResponse> AuthenticateToken(
      const Attempt& attempt, const v1::TokenCredential& credential) const;
  absl::StatusOr<v1::AuthenticateResponse> AuthenticateStored(
      const Attempt& attempt,
      const v1::StoredTokenCredential& credential) const;
  absl::StatusOr<v1::AuthenticateResponse> AuthenticateAnonymous(
      const Attempt& attempt, const v1::AnonymousCredential& credential) const;
  // The stored token that what TLS has proven selects; nullopt where none is
  // good. One that is revoked is an error like that of Verify().
  absl::StatusOr<std::optional<ace::VerifiedToken>> FindByTls(
      const Attempt& attempt) const;
  // The answer to a client whom FindByTls() has found that token for.
  absl::StatusOr<v1::AuthenticateResponse> AuthenticateByTls(
      const Attempt& attempt, const ace::VerifiedToken& token) const;
  absl::StatusOr<v1::AuthenticateResponse> Recheck(
      const Attempt& attempt, const v1::RecheckCredential& credential) const;

  // The grant of an anonymous client; every other one starts as its copy.
  v1::Grant PublicGrant() const;
  // That of a client with that token. Both are without rules.
  v1::Grant TokenGrant(const v1::ConnectionInfo& connection,
                       const ace::VerifiedToken& token) const;
  // Adds the rules that are for the grant's client.
  absl::Status AddRules(const v1::ConnectionInfo& connection,
                        v1::Grant* grant) const;
  absl::Status CheckNotRevoked(const Attempt& attempt,
                               const ace::VerifiedToken& token) const;
  absl::Status CheckPossession(const Attempt& attempt,
                               const v1::TokenCredential& credential,
                               const ace::VerifiedToken& token) const;
  // The answer to a client that has proven possession of the token's key: a
  // grant, or the denial of what the connection may not do with this token.
  absl::StatusOr<v1::AuthenticateResponse> Admit(
      const Attempt& attempt, const ace::VerifiedToken& token) const;
  // Makes the token's owner that of the connection's Client Identifier, where
  // that is to have one. False where somebody else is.
  absl::StatusOr<bool> Claim(const Attempt& attempt,
                             const ace::VerifiedToken& token) const;
  // The same as Admit(), and with a grant the token is stored for the
  // connection's client.
  absl::StatusOr<v1::AuthenticateResponse> AdmitAndStore(
      const Attempt& attempt, const std::string& token,
      const ace::VerifiedToken& verified) const;
  // The answer to whoever has posted a token that is good.
  absl::StatusOr<v1::StoreTokenResponse> StoreVerified(
      const v1::StoreTokenRequest& request, const ace::VerifiedToken& token,
      absl::Time now) const;
  // Stores a granted token once more, as the store may have lost it. It takes
  // the place of no other one (ACE-TOK-7), and its client's identifier from
  // nobody who has proven another key under it since, nor that of another
  // connection under which its key was proven last (ACE-POP-5).
  absl::Status Restore(const Attempt& attempt, const std::string& token,
                       const ace::VerifiedToken& verified) const;
  // Under what names a token may be stored for what TLS has proven.
  struct TlsBindings {
    std::vector<std::string> names;  // the key's before the certificate's
    bool has_key = false;            // whether one is a key's
  };
  static TlsBindings TlsBindingsOf(const v1::ConnectionInfo& connection);
  // Whether the TLS handshake was made with what the token is bound to.
  static bool IsProvenByTls(const v1::ConnectionInfo& connection,
                            const ace::VerifiedToken& token);
  absl::StatusOr<std::optional<TokenRecord>> FindStored(
      const Attempt& attempt) const;
  // What is kept of a token: see TokenRecord.
  TokenRecord RecordOf(const std::string& token,
                       const ace::VerifiedToken& verified,
                       absl::string_view client_id, absl::Time now) const;
  // `token`, or where what is stored for its key says the same, is good, and
  // differs only in what its issuer does not vouch for, that.
  std::string StoredFormOf(const std::string& token,
                           const ace::VerifiedToken& verified,
                           absl::Time now) const;
  // Tells on_unwritten_ of a failure.
  void TellUnwritten(const absl::Status& status) const;

  const ace::TokenVerifier verifier_;
  mutable ace::TokenCache token_cache_;  // of verifier_
  // What the configuration lets everybody do.
  v1::Grant public_grant_;
  absl::flat_hash_set<std::string> declared_topics_;  // the filters of that
  const std::shared_ptr<TokenStoreInterface> store_;
  const Facts facts_;
  const std::shared_ptr<const Replica> managed_;
  const UnwrittenListener on_unwritten_;  // may be null
  const std::string digest_;
  // Whether a User Name may be a token (ACE-D01-4).
  const bool speaks_draft01_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVICE_AUTHENTICATOR_H_
