#include "policy/store/store.h"

#include <utility>

#include "policy/store/etcd_client.h"
#include "policy/store/etcd_fact_store.h"
#include "policy/store/etcd_resource_store.h"
#include "policy/store/etcd_token_store.h"
#include "policy/store/memory_fact_store.h"
#include "policy/store/memory_resource_store.h"
#include "policy/store/memory_token_store.h"
#include "policy/store/sqlite_fact_store.h"
#include "policy/store/sqlite_resource_store.h"
#include "policy/store/sqlite_schema.h"
#include "policy/store/sqlite_token_store.h"

namespace sluice::policy {
namespace {

absl::StatusOr<Store> OpenSqliteStore(const std::string& path) {
  absl::StatusOr<std::shared_ptr<SqliteDatabase>> database =
      OpenSqliteDatabase(path);
  if (!database.ok()) return database.status();
  absl::StatusOr<std::unique_ptr<SqliteResourceStore>> resources =
      SqliteResourceStore::Create(*database);
  if (!resources.ok()) return resources.status();
  return Store{std::make_shared<SqliteTokenStore>(*database),
               std::make_shared<SqliteFactStore>(*database),
               *std::move(resources)};
}

absl::StatusOr<Store> OpenEtcdStore(const EtcdOptions& options) {
  const auto client = std::make_shared<EtcdClient>(options);
  absl::StatusOr<std::unique_ptr<EtcdResourceStore>> resources =
      EtcdResourceStore::Open(client);
  if (!resources.ok()) return resources.status();
  return Store{std::make_shared<EtcdTokenStore>(client),
               std::make_shared<EtcdFactStore>(client), *std::move(resources)};
}

}  // namespace

absl::StatusOr<Store> OpenStore(const StoreOptions& options) {
  if (options.sqlite_path.has_value()) {
    return OpenSqliteStore(*options.sqlite_path);
  }
  if (options.etcd.has_value()) return OpenEtcdStore(*options.etcd);
  return Store{std::make_shared<MemoryTokenStore>(),
               std::make_shared<MemoryFactStore>(),
               std::make_shared<MemoryResourceStore>()};
}

absl::Status ExamineStore(const StoreOptions& options) {
  if (!options.sqlite_path.has_value()) return absl::OkStatus();
  return ExamineSqliteDatabase(*options.sqlite_path);
}

}  // namespace sluice::policy
