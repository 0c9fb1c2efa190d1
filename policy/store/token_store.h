#ifndef POLICY_STORE_TOKEN_STORE_H_
#define POLICY_STORE_TOKEN_STORE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace sluice::policy {

// A valid token that is kept beyond the request that brought it (ACE-CON-5,
// RFC 9431 section 2.2.2).
struct TokenRecord {
  // What the token is bound to, in the caller's words: the RFC 7638 thumbprint
  // of its proof-of-possession key, or what names a certificate.
  std::string binding;
  // The token as it was presented: it is verified anew whenever it is used, so
  // a changed key or rule counts for stored tokens too. Never to be logged.
  std::string token;
  // Until when it is kept: for as long as it is taken, a leeway included, or
  // where nobody knows how long that is, for a while.
  absl::Time expires_at;
  // The Client Identifier, in the caller's words, under which possession of the
  // key was last proven; empty where it has not been, or under the empty
  // identifier.
  std::string client_id = {};
  // The token's issuer, in whose words `kid` is.
  std::string issuer = {};
  // What the issuer calls the proof-of-possession key, any bytes, and that key
  // in the caller's words: tokens may refer to it by its name alone
  // (ACE-TOK-4). It is kept, for as long as the record, since such a token may
  // take the place of the one that held the key. Both are empty where the key
  // has no name. `key` may be a secret: never to be logged.
  std::string kid = {};
  std::string key = {};
  // The token's `sub`; empty where it has none.
  std::string subject = {};
  // The token's `iat`, where it has one.
  std::optional<absl::Time> issued_at = {};
  // Since when the key has had its name, of a symmetric key that has one: a
  // pre-shared key is found by it (ACE-AUTH-3). The caller says `now`, in whose
  // place Put() keeps an earlier time: that of the live record of the same
  // binding, and of those of the same issuer and subject, which is not empty,
  // where their keys have the same name.
  std::optional<absl::Time> named_since = {};
};

// What a store holds at most. Bytes are those of the strings, with an allowance
// for each record's bookkeeping.
struct TokenLimits {
  size_t max_tokens = 100'000;
  size_t max_bytes = 128 << 20;
};

// Whether the client has proven that it has the token's key; kProvenBefore: at
// some time, for the grant that it has.
enum class Possession { kProven, kUnproven, kProvenBefore };

// The tokens that the policy service keeps, at most one a binding (ACE-TOK-7):
// over the bound the oldest are forgotten (ACE-AZI-3); what was forgotten, the
// client presents again. Thread-safe; time is the caller's, and what has
// expired at `now` is not there any more. An error says that the store could
// not be asked, or not changed; where an answer of etcd's was lost, it may have
// been.
class TokenStoreInterface {
 public:
  virtual ~TokenStoreInterface() = default;

  // Keeps `record`, in place of an earlier one of the same binding. With a
  // Client Identifier, it is from now on the record of that identifier, and of
  // no other; without one it takes over that of the record it replaces. A
  // record that has expired is kFailedPrecondition, one that no store of this
  // size could hold kResourceExhausted. Putting what is there already may leave
  // the record at its age, and the same token once more its expiry, if more
  // than half of the new time is left.
  //
  // A client can go on proving a token under ever new identifiers, or several
  // tokens in turn. So another identifier, and a token that was not issued
  // later than that of the live record of its binding, by `issued_at`, come
  // into its place at a pace (WritePace). Beyond that the identifier stays as
  // it is, and another token is kAlreadyExists.
  absl::Status Put(TokenRecord record, absl::Time now) {
    return PutOf(std::move(record), Possession::kProven, now);
  }

  // The same for a token that came without a proof of possession: anybody who
  // gets hold of one can bring it. A live record with an identifier keeps that.
  // And it takes the place of no live record of another issuer or subject, of
  // none without a subject, but with the same token, and of none that is newer:
  // by `issued_at`, or where one of them has none, by when they expire, and
  // then at that pace. That is kAlreadyExists, and the message says which.
  // Check and change are one step.
  absl::Status PutUnproven(TokenRecord record, absl::Time now) {
    return PutOf(std::move(record), Possession::kUnproven, now);
  }

  // The same as PutUnproven() for a token that has been put before, and that
  // the store may have lost: it takes the place of no other live one, which has
  // come since, whenever that was issued.
  absl::Status Restore(TokenRecord record, absl::Time now) {
    return PutOf(std::move(record), Possession::kProvenBefore, now);
  }

  // The record of the binding, if there is one.
  virtual absl::StatusOr<std::optional<TokenRecord>> Find(
      absl::string_view binding, absl::Time now) = 0;

  // At most `limit` records in the order of their bindings' bytes, from the
  // first after `after` on.
  virtual absl::StatusOr<std::vector<TokenRecord>> List(absl::string_view after,
                                                        size_t limit,
                                                        absl::Time now) = 0;

  // The record that was last put with this Client Identifier, or what has
  // replaced it; nothing for the empty identifier.
  virtual absl::StatusOr<std::optional<TokenRecord>> FindByClientId(
      absl::string_view client_id, absl::Time now) = 0;

  // At most kMaxNamesakes records whose key is called `kid`, which is not
  // empty, of tokens of `issuer` for `subject`, which is not empty. Each has
  // another key, so more than one means that the name is ambiguous.
  static constexpr size_t kMaxNamesakes = 8;
  virtual absl::StatusOr<std::vector<TokenRecord>> FindByKid(
      absl::string_view issuer, absl::string_view subject,
      absl::string_view kid, absl::Time now) = 0;

  // At most kMaxNamesakes records with `named_since` whose key is called `kid`,
  // which is not empty: those that have had the name for the longest time, in
  // that order, and in that of their bindings' bytes.
  virtual absl::StatusOr<std::vector<TokenRecord>> FindSymmetricByKid(
      absl::string_view kid, absl::Time now) = 0;

  // At most `limit` live records with that subject, which is not empty, of
  // tokens of `issuer`, or where it is empty of any.
  virtual absl::StatusOr<std::vector<TokenRecord>> FindBySubject(
      absl::string_view issuer, absl::string_view subject, size_t limit,
      absl::Time now) = 0;

 private:
  virtual absl::Status PutOf(TokenRecord record, Possession possession,
                             absl::Time now) = 0;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_TOKEN_STORE_H_
