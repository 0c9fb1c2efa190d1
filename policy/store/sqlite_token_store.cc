#include "policy/store/sqlite_token_store.h"

#include <cstdint>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer

#include "absl/strings/str_cat.h"
#include "policy/store/sqlite_schema.h"
#include "policy/store/token_rules.h"

namespace sluice::policy {
namespace {

// Rows in table and indices, with what SQLite keeps beside them.
constexpr size_t kBookkeepingBytes = 256;

size_t BytesOf(const TokenRecord& record) {
  return StringBytes(record) + kBookkeepingBytes;
}

std::optional<int64_t> MicrosOf(std::optional<absl::Time> time) {
  if (!time.has_value()) return std::nullopt;
  return absl::ToUnixMicros(*time);
}

bool SameRecord(const TokenRecord& a, const TokenRecord& b) {
  return a.binding == b.binding && a.token == b.token &&
         a.client_id == b.client_id && a.issuer == b.issuer && a.kid == b.kid &&
         a.key == b.key && a.subject == b.subject &&
         MicrosOf(a.issued_at) == MicrosOf(b.issued_at) &&
         MicrosOf(a.named_since) == MicrosOf(b.named_since) &&
         absl::ToUnixMicros(a.expires_at) == absl::ToUnixMicros(b.expires_at);
}

// The columns of a record, in the order in which ToRecord() reads them.
constexpr absl::string_view kRecordColumns =
    "binding, token, expires_at, client_id, issuer, kid, key, subject, "
    "issued_at, named_since";

std::optional<absl::Time> TimeOrNone(const SqliteStatement& row, int column) {
  if (row.IsNull(column)) return std::nullopt;
  return absl::FromUnixMicros(row.Number(column));
}

TokenRecord ToRecord(const SqliteStatement& row) {
  return TokenRecord{
      row.Bytes(0),      row.Bytes(1), absl::FromUnixMicros(row.Number(2)),
      row.Bytes(3),      row.Bytes(4), row.Bytes(5),
      row.Bytes(6),      row.Bytes(7), TimeOrNone(row, 8),
      TimeOrNone(row, 9)};
}

// Stores "" as NULL, which no search by value finds and indices leave out.
void BindOptional(absl::string_view bytes, SqliteStatement* statement) {
  if (bytes.empty()) {
    statement->BindNull();
  } else {
    statement->Bind(bytes);
  }
}

void BindOptional(std::optional<absl::Time> time, SqliteStatement* statement) {
  if (time.has_value()) {
    statement->Bind(absl::ToUnixMicros(*time));
  } else {
    statement->BindNull();
  }
}

}  // namespace

absl::Status SqliteTokenStore::PutOf(TokenRecord record, Possession possession,
                                     absl::Time now) {
  if (absl::Status s = CheckLive(record, now); !s.ok()) return s;
  std::lock_guard<std::mutex> lock(database_->mutex());
  const absl::StatusOr<std::optional<TokenRecord>> earlier =
      Lookup("binding", record.binding, now);
  if (!earlier.ok()) return earlier.status();
  if (record.named_since.has_value()) {
    const absl::StatusOr<std::vector<TokenRecord>> namesakes =
        Namesakes(record.issuer, record.subject, record.kid, now);
    if (!namesakes.ok()) return namesakes.status();
    KeepName(*namesakes, &record);
    if (earlier->has_value()) KeepName({**earlier}, &record);
  }
  if (earlier->has_value()) {
    // Nothing changes meanwhile: the file is this process's own.
    absl::Status may = Succeed(**earlier, possession, &pace_, now, &record);
    if (!may.ok()) return may;
    if (SameRecord(record, **earlier)) return absl::OkStatus();
  }
  if (absl::Status s = CheckSize(BytesOf(record), limits_); !s.ok()) return s;
  SqliteTransaction transaction(database_.get());
  absl::Status status = transaction.status();
  if (status.ok()) status = Replace(record, now);
  if (status.ok()) status = transaction.Commit();
  return status;
}

absl::Status SqliteTokenStore::Replace(const TokenRecord& record,
                                       absl::Time now) {
  absl::Status status =
      database_
          ->Prepare("DELETE FROM tokens WHERE expires_at <= ? OR binding = ?")
          .Bind(absl::ToUnixMicros(now))
          .Bind(record.binding)
          .Run();
  if (status.ok() && !record.client_id.empty()) {
    status = database_
                 ->Prepare(
                     "UPDATE tokens SET client_id = NULL "
                     "WHERE client_id = ?")
                 .Bind(record.client_id)
                 .Run();
  }
  if (status.ok()) status = MakeRoom(BytesOf(record));
  if (!status.ok()) return status;
  SqliteStatement insert = database_->Prepare(
      "INSERT INTO tokens (binding, token, expires_at, bytes, client_id, "
      "issuer, kid, key, subject, issued_at, named_since) VALUES (?, ?, ?, ?, "
      "?, ?, ?, ?, ?, ?, ?)");
  insert.Bind(record.binding)
      .Bind(record.token)
      .Bind(absl::ToUnixMicros(record.expires_at))
      .Bind(static_cast<int64_t>(BytesOf(record)));
  BindOptional(record.client_id, &insert);
  BindOptional(record.issuer, &insert);
  BindOptional(record.kid, &insert);
  BindOptional(record.key, &insert);
  BindOptional(record.subject, &insert);
  BindOptional(record.issued_at, &insert);
  BindOptional(record.named_since, &insert);
  return insert.Run();
}

// Forgets the oldest tokens until another one of `bytes` fits.
absl::Status SqliteTokenStore::MakeRoom(size_t bytes) {
  for (;;) {
    const absl::StatusOr<SqliteUsage> usage =
        UsageOf("tokens", database_.get());
    if (!usage.ok()) return usage.status();
    if (usage->entries == 0 || (usage->entries < limits_.max_tokens &&
                                usage->bytes + bytes <= limits_.max_bytes)) {
      return absl::OkStatus();
    }
    absl::Status status = database_
                              ->Prepare(
                                  "DELETE FROM tokens WHERE sequence = "
                                  "(SELECT MIN(sequence) FROM tokens)")
                              .Run();
    if (!status.ok()) return status;
  }
}

absl::StatusOr<std::optional<TokenRecord>> SqliteTokenStore::Find(
    absl::string_view binding, absl::Time now) {
  std::lock_guard<std::mutex> lock(database_->mutex());
  return Lookup("binding", binding, now);
}

absl::StatusOr<std::vector<TokenRecord>> SqliteTokenStore::List(
    absl::string_view after, size_t limit, absl::Time now) {
  std::lock_guard<std::mutex> lock(database_->mutex());
  SqliteStatement statement = database_->Prepare(
      absl::StrCat("SELECT ", kRecordColumns,
                   " FROM tokens WHERE binding > ? AND expires_at > ?"
                   " ORDER BY binding LIMIT ?"));
  statement.Bind(after)
      .Bind(absl::ToUnixMicros(now))
      .Bind(static_cast<int64_t>(limit));
  return statement.All(ToRecord);
}

absl::StatusOr<std::optional<TokenRecord>> SqliteTokenStore::FindByClientId(
    absl::string_view client_id, absl::Time now) {
  std::lock_guard<std::mutex> lock(database_->mutex());
  return Lookup("client_id", client_id, now);
}

absl::StatusOr<std::vector<TokenRecord>> SqliteTokenStore::FindByKid(
    absl::string_view issuer, absl::string_view subject, absl::string_view kid,
    absl::Time now) {
  std::lock_guard<std::mutex> lock(database_->mutex());
  return Namesakes(issuer, subject, kid, now);
}

// What has no subject is stored without one, and never found.
absl::StatusOr<std::vector<TokenRecord>> SqliteTokenStore::Namesakes(
    absl::string_view issuer, absl::string_view subject, absl::string_view kid,
    absl::Time now) {
  SqliteStatement statement = database_->Prepare(
      absl::StrCat("SELECT ", kRecordColumns,
                   " FROM tokens WHERE kid = ? AND issuer = ? AND subject = ?"
                   " AND expires_at > ? LIMIT ?"));
  statement.Bind(kid)
      .Bind(issuer)
      .Bind(subject)
      .Bind(absl::ToUnixMicros(now))
      .Bind(int64_t{kMaxNamesakes});
  return statement.All(ToRecord);
}

absl::StatusOr<std::vector<TokenRecord>> SqliteTokenStore::FindSymmetricByKid(
    absl::string_view kid, absl::Time now) {
  std::lock_guard<std::mutex> lock(database_->mutex());
  SqliteStatement statement = database_->Prepare(absl::StrCat(
      "SELECT ", kRecordColumns,
      " FROM tokens WHERE kid = ? AND named_since IS NOT NULL"
      " AND expires_at > ? ORDER BY named_since, binding LIMIT ?"));
  statement.Bind(kid)
      .Bind(absl::ToUnixMicros(now))
      .Bind(int64_t{kMaxNamesakes});
  return statement.All(ToRecord);
}

absl::StatusOr<std::vector<TokenRecord>> SqliteTokenStore::FindBySubject(
    absl::string_view issuer, absl::string_view subject, size_t limit,
    absl::Time now) {
  std::lock_guard<std::mutex> lock(database_->mutex());
  SqliteStatement statement = database_->Prepare(
      absl::StrCat("SELECT ", kRecordColumns,
                   " FROM tokens WHERE subject = ? AND expires_at > ?",
                   issuer.empty() ? "" : " AND issuer = ?", " LIMIT ?"));
  statement.Bind(subject).Bind(absl::ToUnixMicros(now));
  if (!issuer.empty()) statement.Bind(issuer);
  statement.Bind(static_cast<int64_t>(limit));
  return statement.All(ToRecord);
}

absl::StatusOr<std::optional<TokenRecord>> SqliteTokenStore::Lookup(
    absl::string_view column, absl::string_view key, absl::Time now) {
  SqliteStatement statement = database_->Prepare(
      absl::StrCat("SELECT ", kRecordColumns, " FROM tokens WHERE ", column,
                   " = ? AND expires_at > ?"));
  const absl::StatusOr<bool> row =
      statement.Bind(key).Bind(absl::ToUnixMicros(now)).Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;
  return ToRecord(statement);
}

}  // namespace sluice::policy
