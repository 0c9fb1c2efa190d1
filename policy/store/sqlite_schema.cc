#include "policy/store/sqlite_schema.h"

#include <utility>

namespace sluice::policy {
namespace {

// Times are microseconds since 1970. `bytes` is what a row counts for against
// the limits, and `usage` the sum of it, kept by triggers within the same
// transaction.
constexpr char kVersion1[] = R"sql(
CREATE TABLE usage (
  name TEXT PRIMARY KEY,
  entries INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
INSERT INTO usage (name) VALUES
  ('tokens'), ('client_id_owners'), ('first_seen'), ('used_proofs');

-- The oldest has the lowest sequence. Without a client_id: not proven yet.
CREATE TABLE tokens (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT,
  binding BLOB NOT NULL UNIQUE,
  client_id BLOB UNIQUE,
  token BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL
);
CREATE INDEX tokens_by_expiry ON tokens (expires_at);
CREATE TRIGGER tokens_added AFTER INSERT ON tokens BEGIN
  UPDATE usage SET entries = entries + 1, bytes = bytes + NEW.bytes
    WHERE name = 'tokens';
END;
CREATE TRIGGER tokens_removed AFTER DELETE ON tokens BEGIN
  UPDATE usage SET entries = entries - 1, bytes = bytes - OLD.bytes
    WHERE name = 'tokens';
END;

-- key: Client Identifier; value: its owner.
CREATE TABLE client_id_owners (
  key BLOB PRIMARY KEY,
  value BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX client_id_owners_by_expiry ON client_id_owners (expires_at);
CREATE TRIGGER client_id_owners_added AFTER INSERT ON client_id_owners BEGIN
  UPDATE usage SET entries = entries + 1, bytes = bytes + NEW.bytes
    WHERE name = 'client_id_owners';
END;
CREATE TRIGGER client_id_owners_removed AFTER DELETE ON client_id_owners BEGIN
  UPDATE usage SET entries = entries - 1, bytes = bytes - OLD.bytes
    WHERE name = 'client_id_owners';
END;

-- key: what names a token; value: the time, in decimal digits.
CREATE TABLE first_seen (
  key BLOB PRIMARY KEY,
  value BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX first_seen_by_expiry ON first_seen (expires_at);
CREATE TRIGGER first_seen_added AFTER INSERT ON first_seen BEGIN
  UPDATE usage SET entries = entries + 1, bytes = bytes + NEW.bytes
    WHERE name = 'first_seen';
END;
CREATE TRIGGER first_seen_removed AFTER DELETE ON first_seen BEGIN
  UPDATE usage SET entries = entries - 1, bytes = bytes - OLD.bytes
    WHERE name = 'first_seen';
END;

-- key: what names a proof; value: nothing.
CREATE TABLE used_proofs (
  key BLOB PRIMARY KEY,
  value BLOB NOT NULL,
  expires_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX used_proofs_by_expiry ON used_proofs (expires_at);
CREATE TRIGGER used_proofs_added AFTER INSERT ON used_proofs BEGIN
  UPDATE usage SET entries = entries + 1, bytes = bytes + NEW.bytes
    WHERE name = 'used_proofs';
END;
CREATE TRIGGER used_proofs_removed AFTER DELETE ON used_proofs BEGIN
  UPDATE usage SET entries = entries - 1, bytes = bytes - OLD.bytes
    WHERE name = 'used_proofs';
END;
)sql";

// Without a kid: the key has no name, or the record is from before keys were
// kept.
constexpr char kVersion2[] = R"sql(
ALTER TABLE tokens ADD COLUMN issuer BLOB;
ALTER TABLE tokens ADD COLUMN kid BLOB;
ALTER TABLE tokens ADD COLUMN key BLOB;
CREATE INDEX tokens_by_kid ON tokens (kid, issuer) WHERE kid IS NOT NULL;
)sql";

// The resources that operators manage. Without expires_at: they stay.
constexpr char kVersion3[] = R"sql(
INSERT INTO usage (name) VALUES ('resources');

-- One row: what names the history of the resources, and its latest revision.
CREATE TABLE history (
  id TEXT NOT NULL,
  revision INTEGER NOT NULL
);
INSERT INTO history (id, revision) VALUES (lower(hex(randomblob(16))), 0);

CREATE TABLE resources (
  collection BLOB NOT NULL,
  id BLOB NOT NULL,
  value BLOB NOT NULL,
  expires_at INTEGER,
  revision INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  UNIQUE (collection, id)
);
CREATE INDEX resources_by_expiry ON resources (expires_at)
  WHERE expires_at IS NOT NULL;
CREATE TRIGGER resources_added AFTER INSERT ON resources BEGIN
  UPDATE usage SET entries = entries + 1, bytes = bytes + NEW.bytes
    WHERE name = 'resources';
END;
CREATE TRIGGER resources_removed AFTER DELETE ON resources BEGIN
  UPDATE usage SET entries = entries - 1, bytes = bytes - OLD.bytes
    WHERE name = 'resources';
END;
)sql";

// Without a subject: the token has none, or the record is from before subjects
// were kept.
constexpr char kVersion4[] = R"sql(
ALTER TABLE tokens ADD COLUMN subject BLOB;
CREATE INDEX tokens_by_subject ON tokens (subject) WHERE subject IS NOT NULL;
)sql";

// Without issued_at: the token has no `iat`, or the record is from before it
// was kept.
constexpr char kVersion5[] = R"sql(
ALTER TABLE tokens ADD COLUMN issued_at INTEGER;
)sql";

// A key's name is its subject's.
constexpr char kVersion6[] = R"sql(
DROP INDEX tokens_by_kid;
CREATE INDEX tokens_by_kid ON tokens (kid, issuer, subject)
  WHERE kid IS NOT NULL;
)sql";

// Without named_since: the key has no name, or is not symmetric. Of those that
// are there, which is which can be seen by how keys are kept, and the order of
// what is to be found is that of the sequence, before all that is to come.
constexpr char kVersion7[] = R"sql(
ALTER TABLE tokens ADD COLUMN named_since INTEGER;
UPDATE tokens SET named_since = sequence
  WHERE kid IS NOT NULL AND substr(key, 1, 5) = CAST('{"k":' AS BLOB);
CREATE INDEX tokens_by_name ON tokens (kid, named_since)
  WHERE named_since IS NOT NULL;
)sql";

constexpr const char* kMigrations[] = {kVersion1, kVersion2, kVersion3,
                                       kVersion4, kVersion5, kVersion6,
                                       kVersion7};

}  // namespace

absl::Span<const char* const> SqliteMigrations() { return kMigrations; }

absl::StatusOr<std::shared_ptr<SqliteDatabase>> OpenSqliteDatabase(
    const std::string& path) {
  absl::StatusOr<std::unique_ptr<SqliteDatabase>> database =
      SqliteDatabase::Open(path, kSqliteApplicationId, SqliteMigrations());
  if (!database.ok()) return database.status();
  return *std::move(database);
}

absl::Status ExamineSqliteDatabase(const std::string& path) {
  return SqliteDatabase::Examine(path, kSqliteApplicationId,
                                 SqliteMigrations().size());
}

absl::StatusOr<SqliteUsage> UsageOf(absl::string_view table,
                                    SqliteDatabase* database) {
  SqliteStatement statement =
      database->Prepare("SELECT entries, bytes FROM usage WHERE name = ?");
  // The column is text, to which bytes are never equal.
  const absl::StatusOr<bool> row = statement.BindText(table).Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::DataLossError("a row of the usage is missing");
  return SqliteUsage{static_cast<size_t>(statement.Number(0)),
                     static_cast<size_t>(statement.Number(1))};
}

}  // namespace sluice::policy
