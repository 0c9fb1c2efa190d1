#ifndef POLICY_STORE_SQLITE_TOKEN_STORE_H_
#define POLICY_STORE_SQLITE_TOKEN_STORE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/sqlite_database.h"
#include "policy/store/token_store.h"
#include "policy/store/write_pace.h"

namespace sluice::policy {

// Keeps all in a database file, across restarts. Times are kept to the
// microsecond, rounded down. Calls wait for each other and, where they change
// something, for the disk.
class SqliteTokenStore : public TokenStoreInterface {
 public:
  // Of a database of OpenSqliteDatabase(). One that holds more than `limits`
  // shrinks with the next Put().
  explicit SqliteTokenStore(std::shared_ptr<SqliteDatabase> database,
                            const TokenLimits& limits = TokenLimits())
      : limits_(limits), database_(std::move(database)) {}

  absl::StatusOr<std::optional<TokenRecord>> Find(absl::string_view binding,
                                                  absl::Time now) override;
  absl::StatusOr<std::vector<TokenRecord>> List(absl::string_view after,
                                                size_t limit,
                                                absl::Time now) override;
  absl::StatusOr<std::optional<TokenRecord>> FindByClientId(
      absl::string_view client_id, absl::Time now) override;
  absl::StatusOr<std::vector<TokenRecord>> FindByKid(absl::string_view issuer,
                                                     absl::string_view subject,
                                                     absl::string_view kid,
                                                     absl::Time now) override;
  absl::StatusOr<std::vector<TokenRecord>> FindSymmetricByKid(
      absl::string_view kid, absl::Time now) override;
  absl::StatusOr<std::vector<TokenRecord>> FindBySubject(
      absl::string_view issuer, absl::string_view subject, size_t limit,
      absl::Time now) override;

 private:
  absl::Status PutOf(TokenRecord record, Possession possession,
                     absl::Time now) override;

  // All of these are called with the database's mutex held.
  absl::StatusOr<std::optional<TokenRecord>> Lookup(absl::string_view column,
                                                    absl::string_view key,
                                                    absl::Time now);
  absl::StatusOr<std::vector<TokenRecord>> Namesakes(absl::string_view issuer,
                                                     absl::string_view subject,
                                                     absl::string_view kid,
                                                     absl::Time now);
  absl::Status Replace(const TokenRecord& record, absl::Time now);
  absl::Status MakeRoom(size_t bytes);

  const TokenLimits limits_;
  WritePace pace_;
  const std::shared_ptr<SqliteDatabase> database_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_SQLITE_TOKEN_STORE_H_
