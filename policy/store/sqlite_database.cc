#include "policy/store/sqlite_database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "absl/strings/str_cat.h"

namespace sluice::policy {
namespace {

constexpr char kInUse[] = "in use by another process";

// SQLite's own words hold names of tables and columns, never values.
absl::Status ErrorOf(sqlite3* database, int result) {
  switch (result & 0xFF) {
    case SQLITE_NOTADB:
      return absl::DataLossError("not a database of SQLite");
    case SQLITE_CORRUPT:
      return absl::DataLossError("the database is damaged");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::UnavailableError(kInUse);
    default:
      return absl::UnavailableError(database != nullptr
                                        ? sqlite3_errmsg(database)
                                        : sqlite3_errstr(result));
  }
}

absl::Status WithPath(const std::string& path, const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(path, ": ", status.message()));
}

// Who reads the file holds the lock that writing needs for a moment at most.
constexpr int kBusyTimeoutMs = 1000;

// SQLite creates files for everybody that the umask lets; its journals get the
// rights of the file that is there.
absl::StatusOr<UniqueFd> CreatePrivately(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (fd.get() < 0) return absl::ErrnoToStatus(errno, "cannot be opened");
  return fd;
}

// Keeps other processes like this one away for as long as `fd` is open, and
// nobody who reads: SQLite's own locks are of other bytes.
absl::Status LockForProcess(int fd) {
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  lock.l_len = 1;
  if (fcntl(fd, F_OFD_SETLK, &lock) == 0) return absl::OkStatus();
  if (errno == EAGAIN || errno == EACCES) return absl::UnavailableError(kInUse);
  return absl::ErrnoToStatus(errno, "cannot be locked");
}

// What the file's first bytes say, https://sqlite.org/fileformat2.html 1.3 and
// 1.6.
struct Header {
  bool write_ahead;
  int64_t version;
  int64_t application_id;
  bool has_tables;  // or anything else, but for what is in a log still
};

// None where it is no database yet. Fails where it is something else.
absl::StatusOr<std::optional<Header>> ReadHeader(int fd) {
  constexpr absl::string_view kMagic("SQLite format 3\0", 16);
  constexpr unsigned char kLeaf = 13;  // of the schema's tree
  std::array<unsigned char, 105> bytes;
  const ssize_t got = pread(fd, bytes.data(), bytes.size(), 0);
  if (got < 0) return absl::ErrnoToStatus(errno, "cannot be read");
  if (got == 0) return std::nullopt;
  if (static_cast<size_t>(got) < bytes.size() ||
      !std::equal(kMagic.begin(), kMagic.end(), bytes.begin())) {
    return ErrorOf(nullptr, SQLITE_NOTADB);
  }
  const auto number = [&bytes](size_t at) {
    return static_cast<int32_t>(uint32_t{bytes[at]} << 24 |
                                uint32_t{bytes[at + 1]} << 16 |
                                uint32_t{bytes[at + 2]} << 8 | bytes[at + 3]);
  };
  const bool has_tables =
      bytes[100] != kLeaf || bytes[103] != 0 || bytes[104] != 0;
  return Header{bytes[18] == 2, number(60), number(68), has_tables};
}

// A backup that SQLite made is not in write-ahead mode. The log of what was
// there before would be played into it all the same.
absl::Status CheckLogIsItsOwn(const std::string& path, const Header& header) {
  struct stat info;
  if (header.write_ahead || stat(absl::StrCat(path, "-wal").c_str(), &info) ||
      info.st_size == 0) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "it was put in the place of another database, whose write-ahead log is "
      "still there: remove ",
      path, "-wal and ", path, "-shm"));
}

// SQLite says of those that another user left that the database is read-only,
// or cannot be opened, and does not name them.
absl::Status CheckJournals(const std::string& path) {
  for (const char* end : {"-wal", "-shm"}) {
    const UniqueFd file(
        open(absl::StrCat(path, end).c_str(), O_RDWR | O_CLOEXEC | O_NONBLOCK));
    if (file.get() >= 0 || errno == ENOENT) continue;
    return absl::ErrnoToStatus(
        errno,
        absl::StrCat("beside it, ", path, end, " cannot be read and written"));
  }
  return absl::OkStatus();
}

// One that is new has no owner yet.
absl::Status CheckOwner(int64_t owner, int64_t version, bool has_tables,
                        int32_t application_id) {
  const bool is_new = version == 0 && owner == 0 && !has_tables;
  if (is_new || owner == application_id) return absl::OkStatus();
  return absl::FailedPreconditionError("a database of another program");
}

absl::Status CheckVersion(int64_t version, size_t newest) {
  if (version >= 0 && static_cast<uint64_t>(version) <= newest) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("written by a newer version of this program: schema ",
                   version, ", and this one knows ", newest));
}

absl::Status ExamineHeader(const std::string& path, int fd,
                           int32_t application_id, size_t newest) {
  const absl::StatusOr<std::optional<Header>> header = ReadHeader(fd);
  if (!header.ok()) return header.status();
  if (!header->has_value()) return absl::OkStatus();
  absl::Status status = CheckJournals(path);
  if (status.ok()) status = CheckLogIsItsOwn(path, **header);
  if (status.ok()) {
    status = CheckOwner((*header)->application_id, (*header)->version,
                        (*header)->has_tables, application_id);
  }
  if (status.ok()) status = CheckVersion((*header)->version, newest);
  return status;
}

}  // namespace

void SqliteStatement::Finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteStatement::SqliteStatement(sqlite3* database, absl::string_view sql)
    : database_(database) {
  sqlite3_stmt* statement = nullptr;
  result_ = sqlite3_prepare_v2(
      database, sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  statement_.reset(statement);
}

void SqliteStatement::Check(int result) {
  if (result_ == SQLITE_OK) result_ = result;
}

SqliteStatement& SqliteStatement::Bind(absl::string_view bytes) {
  // A null pointer would bind NULL.
  const char* data = bytes.empty() ? "" : bytes.data();
  Check(sqlite3_bind_blob64(statement_.get(), ++bound_, data, bytes.size(),
                            SQLITE_STATIC));
  return *this;
}

SqliteStatement& SqliteStatement::BindText(absl::string_view text) {
  Check(sqlite3_bind_text64(statement_.get(), ++bound_, text.data(),
                            text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int64_t number) {
  Check(sqlite3_bind_int64(statement_.get(), ++bound_, number));
  return *this;
}

SqliteStatement& SqliteStatement::BindNull() {
  Check(sqlite3_bind_null(statement_.get(), ++bound_));
  return *this;
}

absl::StatusOr<bool> SqliteStatement::Step() {
  if (result_ != SQLITE_OK) return ErrorOf(database_, result_);
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  return ErrorOf(database_, result);
}

absl::Status SqliteStatement::Run() {
  for (;;) {
    const absl::StatusOr<bool> row = Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
  }
}

std::string SqliteStatement::Bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  if (data == nullptr) return std::string();
  return std::string(static_cast<const char*>(data), size);
}

int64_t SqliteStatement::Number(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

bool SqliteStatement::IsNull(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

absl::StatusOr<std::unique_ptr<SqliteDatabase>> SqliteDatabase::Open(
    const std::string& path, int32_t application_id,
    absl::Span<const char* const> migrations) {
  absl::StatusOr<UniqueFd> file = CreatePrivately(path);
  if (!file.ok()) return WithPath(path, file.status());
  // Before SQLite looks at what it finds.
  absl::Status status = LockForProcess(file->get());
  if (status.ok()) {
    status =
        ExamineHeader(path, file->get(), application_id, migrations.size());
  }
  if (!status.ok()) return WithPath(path, status);
  sqlite3* handle = nullptr;
  const int opened =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<SqliteDatabase> database(
      new SqliteDatabase(*std::move(file), handle));
  if (opened != SQLITE_OK) return WithPath(path, ErrorOf(handle, opened));
  // Nothing is written before the file is known to be ours.
  status = database->Lock();
  if (!status.ok()) return WithPath(path, status);
  const absl::StatusOr<size_t> version =
      database->Check(application_id, migrations.size());
  if (!version.ok()) return WithPath(path, version.status());
  status = database->SetMode();
  if (status.ok()) {
    status = database->Migrate(application_id, *version, migrations);
  }
  if (!status.ok()) return WithPath(path, status);
  database->Checkpoint();
  return database;
}

absl::Status SqliteDatabase::Examine(const std::string& path,
                                     int32_t application_id, size_t newest) {
  // Its journals are made beside it.
  const size_t slash = path.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) != 0) {
    return absl::ErrnoToStatus(errno,
                               absl::StrCat(directory, ": cannot be written"));
  }
  const UniqueFd file(open(path.c_str(), O_RDWR | O_CLOEXEC));
  if (file.get() < 0) {
    if (errno == ENOENT) return absl::OkStatus();
    return WithPath(path, absl::ErrnoToStatus(errno, "cannot be opened"));
  }
  absl::Status status = ExamineHeader(path, file.get(), application_id, newest);
  return status.ok() ? status : WithPath(path, status);
}

SqliteDatabase::~SqliteDatabase() { sqlite3_close(database_); }

absl::Status SqliteDatabase::Execute(const char* script) {
  const int result = sqlite3_exec(database_, script, nullptr, nullptr, nullptr);
  if (result == SQLITE_OK) return absl::OkStatus();
  return ErrorOf(database_, result);
}

void SqliteDatabase::Checkpoint() {
  // Who reads is not waited for.
  sqlite3_busy_timeout(database_, 0);
  sqlite3_wal_checkpoint_v2(database_, nullptr, SQLITE_CHECKPOINT_TRUNCATE,
                            nullptr, nullptr);
  sqlite3_busy_timeout(database_, kBusyTimeoutMs);
}

// Fails where a program writes that does not take the lock of this one.
absl::Status SqliteDatabase::Lock() {
  return Execute(
      "PRAGMA trusted_schema = OFF;"
      "BEGIN EXCLUSIVE; COMMIT;");
}

absl::StatusOr<size_t> SqliteDatabase::Check(int32_t application_id,
                                             size_t newest) {
  SqliteStatement check = Prepare("PRAGMA quick_check(1)");
  const absl::StatusOr<bool> checked = check.Step();
  if (!checked.ok()) return checked.status();
  if (!*checked || check.Bytes(0) != "ok") {
    return absl::DataLossError("the database is damaged");
  }
  const absl::StatusOr<int64_t> version = Pragma("user_version");
  if (!version.ok()) return version.status();
  const absl::StatusOr<int64_t> owner = Pragma("application_id");
  if (!owner.ok()) return owner.status();
  SqliteStatement tables = Prepare("SELECT 1 FROM sqlite_schema");
  const absl::StatusOr<bool> has_tables = tables.Step();
  if (!has_tables.ok()) return has_tables.status();
  absl::Status status =
      CheckOwner(*owner, *version, *has_tables, application_id);
  if (status.ok()) status = CheckVersion(*version, newest);
  if (!status.ok()) return status;
  return static_cast<size_t>(*version);
}

absl::Status SqliteDatabase::SetMode() {
  return Execute(
      "PRAGMA journal_mode = WAL;"
      "PRAGMA synchronous = FULL;");
}

absl::Status SqliteDatabase::Migrate(int32_t application_id, size_t version,
                                     absl::Span<const char* const> migrations) {
  for (size_t next = version; next < migrations.size(); ++next) {
    SqliteTransaction transaction(this);
    absl::Status status = transaction.status();
    if (status.ok()) status = Execute(migrations[next]);
    if (status.ok()) {
      status =
          Execute(absl::StrCat("PRAGMA user_version = ", next + 1,
                               "; PRAGMA application_id = ", application_id)
                      .c_str());
    }
    if (status.ok()) status = transaction.Commit();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::StatusOr<int64_t> SqliteDatabase::Pragma(absl::string_view name) {
  SqliteStatement statement = Prepare(absl::StrCat("PRAGMA ", name));
  const absl::StatusOr<bool> row = statement.Step();
  if (!row.ok()) return row.status();
  return *row ? statement.Number(0) : 0;
}

SqliteTransaction::SqliteTransaction(SqliteDatabase* database)
    : database_(database),
      status_(database->Execute("BEGIN IMMEDIATE")),
      open_(status_.ok()) {}

SqliteTransaction::~SqliteTransaction() {
  // Where this fails, SQLite has rolled back by itself.
  if (open_) database_->Execute("ROLLBACK").IgnoreError();
}

absl::Status SqliteTransaction::Commit() {
  absl::Status status = database_->Execute("COMMIT");
  open_ = !status.ok();
  return status;
}

}  // namespace sluice::policy
