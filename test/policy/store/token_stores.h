#ifndef TEST_POLICY_STORE_TOKEN_STORES_H_
#define TEST_POLICY_STORE_TOKEN_STORES_H_

#include <memory>
#include <string>

#include "policy/store/etcd_client.h"
#include "policy/store/etcd_token_store.h"
#include "policy/store/memory_token_store.h"
#include "policy/store/sqlite_token_store.h"
#include "policy/store/token_store.h"
#include "test/policy/store/store_kind.h"
#include "test/policy/store/test_database.h"

namespace sluice::policy {

// An empty one; `file` is where SQLite's is.
inline std::unique_ptr<TokenStoreInterface> NewTokenStore(
    Kind kind, const std::string& file,
    const TokenLimits& limits = TokenLimits()) {
  switch (kind) {
    case Kind::kMemory:
      return std::make_unique<MemoryTokenStore>(limits);
    case Kind::kSqlite:
      return std::make_unique<SqliteTokenStore>(OpenTestDatabase(file), limits);
    case Kind::kEtcd:
      return std::make_unique<EtcdTokenStore>(
          std::make_shared<EtcdClient>(NewPlaceInEtcd()), limits);
  }
  return nullptr;
}

}  // namespace sluice::policy

#endif  // TEST_POLICY_STORE_TOKEN_STORES_H_
