#ifndef POLICY_STORE_SQLITE_DATABASE_H_
#define POLICY_STORE_SQLITE_DATABASE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "proxy/base/unique_fd.h"

struct sqlite3;
struct sqlite3_stmt;

namespace sluice::policy {

// One statement, run once. Values are bound in the order of its parameters.
// What goes wrong on the way is told by Step(). Not thread-safe, and gone
// before its database is.
class SqliteStatement {
 public:
  // Bound bytes and text live until the statement is gone.
  SqliteStatement& Bind(absl::string_view bytes);
  SqliteStatement& BindText(absl::string_view text);
  SqliteStatement& Bind(int64_t number);
  SqliteStatement& BindNull();

  // Goes to the next row; false when there is none.
  absl::StatusOr<bool> Step();
  // For statements whose rows nobody wants.
  absl::Status Run();

  // Values of the row that Step() went to.
  std::string Bytes(int column) const;
  int64_t Number(int column) const;
  bool IsNull(int column) const;

  // What `read` makes of each row that is left.
  template <typename Row>
  absl::StatusOr<std::vector<Row>> All(Row (*read)(const SqliteStatement&)) {
    std::vector<Row> all;
    for (;;) {
      const absl::StatusOr<bool> row = Step();
      if (!row.ok()) return row.status();
      if (!*row) return all;
      all.push_back(read(*this));
    }
  }

 private:
  friend class SqliteDatabase;
  struct Finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };

  SqliteStatement(sqlite3* database, absl::string_view sql);
  void Check(int result);

  sqlite3* const database_;
  std::unique_ptr<sqlite3_stmt, Finalizer> statement_;
  int result_;
  int bound_ = 0;
};

// A database file that this process alone writes, in SQLite's write-ahead mode:
// what a committed transaction wrote survives a crash and a power failure.
// Other programs can read it meanwhile through SQLite, as to copy it. Not
// thread-safe: those who share it hold its mutex meanwhile.
class SqliteDatabase {
 public:
  // Opens the file at `path`, or creates it for this user only, and brings it
  // to the newest schema: `migrations[n]` is the script that makes version n+1
  // out of version n. `application_id` tells our files from other programs'.
  //
  // Fails, leaving the file as it is, where it cannot be read and written, is
  // no database or a damaged one, belongs to another program, is in use by
  // another process, has a version that `migrations` does not know, or is a
  // backup that was put beside the write-ahead log of what was there before.
  // The message names the file and is for the operator.
  static absl::StatusOr<std::unique_ptr<SqliteDatabase>> Open(
      const std::string& path, int32_t application_id,
      absl::Span<const char* const> migrations);

  // What Open() would fail for, as far as can be told without writing, locking
  // or reading all of the file; of a file that another process uses as well (of
  // one of this process it would end the locks). `newest` is the number of
  // migrations.
  static absl::Status Examine(const std::string& path, int32_t application_id,
                              size_t newest);

  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  std::mutex& mutex() { return mutex_; }

  SqliteStatement Prepare(absl::string_view sql) {
    return SqliteStatement(database_, sql);
  }
  // Runs a script without parameters.
  absl::Status Execute(const char* script);

  // Moves what has been committed out of the write-ahead log into the file, so
  // that who copies the file alone has it. Where this fails, or somebody reads,
  // it is there all the same, and moved later. Not within a transaction.
  void Checkpoint();

 private:
  SqliteDatabase(UniqueFd lock, sqlite3* database)
      : lock_(std::move(lock)), database_(database) {}
  absl::Status Lock();
  // Whether the database is sound and ours; if so, its version.
  absl::StatusOr<size_t> Check(int32_t application_id, size_t newest);
  absl::Status SetMode();
  absl::Status Migrate(int32_t application_id, size_t version,
                       absl::Span<const char* const> migrations);
  absl::StatusOr<int64_t> Pragma(absl::string_view name);

  const UniqueFd lock_;  // of the file; closed last, as SQLite's locks go too
  sqlite3* const database_;
  std::mutex mutex_;
};

// All or nothing: what is written while it lives counts from Commit() on, and
// is taken back where that is not called or fails.
class SqliteTransaction {
 public:
  explicit SqliteTransaction(SqliteDatabase* database);
  ~SqliteTransaction();
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;

  // Whether it could begin.
  const absl::Status& status() const { return status_; }
  absl::Status Commit();

 private:
  SqliteDatabase* const database_;
  absl::Status status_;
  bool open_;
};

}  // namespace sluice::policy

#endif  // POLICY_STORE_SQLITE_DATABASE_H_
