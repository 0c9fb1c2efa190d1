#ifndef POLICY_STORE_SQLITE_FACT_STORE_H_
#define POLICY_STORE_SQLITE_FACT_STORE_H_

#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/store/fact_store.h"
#include "policy/store/sqlite_database.h"

namespace sluice::policy {

// Keeps all in a database file, across restarts: each kind in a table of its
// name. Times are kept to the microsecond, rounded down. Calls wait for each
// other and, where they change something, for the disk.
class SqliteFactStore : public FactStoreInterface {
 public:
  // Of a database of OpenSqliteDatabase().
  explicit SqliteFactStore(std::shared_ptr<SqliteDatabase> database,
                           const FactLimits& limits = FactLimits())
      : limits_(limits), database_(std::move(database)) {}

  absl::StatusOr<std::optional<Fact>> Find(FactKind kind, absl::string_view key,
                                           absl::Time now) override;
  absl::StatusOr<std::optional<Fact>> Make(FactKind kind, absl::string_view key,
                                           const Fact& fact,
                                           absl::Time now) override;
  absl::StatusOr<bool> Extend(FactKind kind, absl::string_view key,
                              const Fact& fact, absl::Time now) override;

 private:
  // All of these are called with the database's mutex held.
  absl::StatusOr<std::optional<Fact>> Lookup(FactKind kind,
                                             absl::string_view key,
                                             absl::Time now);
  absl::StatusOr<bool> HasRoom(FactKind kind, size_t bytes);
  // Of a key that has no live one.
  absl::Status Insert(FactKind kind, absl::string_view key, const Fact& fact,
                      absl::Time now);

  const FactLimits limits_;
  const std::shared_ptr<SqliteDatabase> database_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_SQLITE_FACT_STORE_H_
