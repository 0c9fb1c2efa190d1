#include "policy/server/changed_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ChangedFieldsTest, OfTheStore) {
  const StoreOptions memory;
  StoreOptions sqlite;
  sqlite.sqlite_path = "policy.db";
  StoreOptions etcd;
  etcd.etcd = EtcdOptions{{"a:1"}, "/sluice", ClientTls{"ca", "", {}}, "", {}};
  EXPECT_THAT(ChangedFields(memory, memory), IsEmpty());
  EXPECT_THAT(ChangedFields(memory, sqlite), ElementsAre("store.sqlite"));
  EXPECT_THAT(ChangedFields(memory, etcd), ElementsAre("store.etcd"));
  EXPECT_THAT(ChangedFields(sqlite, etcd),
              ElementsAre("store.sqlite", "store.etcd"));
  EXPECT_THAT(ChangedFields(etcd, etcd), IsEmpty());
  StoreOptions other = etcd;
  other.etcd->tls->ca = "other";
  EXPECT_THAT(ChangedFields(etcd, other), ElementsAre("store.etcd.tls.ca"));
  other.etcd->tls.reset();
  EXPECT_THAT(ChangedFields(etcd, other), ElementsAre("store.etcd.tls"));
  other.etcd = EtcdOptions{{"b:1"},
                           "/b",
                           ClientTls{"b", "b", SecretString("b")},
                           "b",
                           SecretString("b")};
  EXPECT_THAT(ChangedFields(etcd, other),
              ElementsAre("store.etcd.endpoints", "store.etcd.prefix",
                          "store.etcd.tls.ca", "store.etcd.tls.certificate",
                          "store.etcd.tls.private_key", "store.etcd.username",
                          "store.etcd.password_file"));
}

TEST(ChangedFieldsTest, OfCheckers) {
  CheckerOptions a;
  a.name = "a";
  a.address = "a:1";
  CheckerOptions b = a;
  b.name = "b";
  EXPECT_THAT(ChangedFields({a, b}, {a, b}), IsEmpty());
  EXPECT_THAT(ChangedFields({a, b}, {b, a}), ElementsAre("checkers"));
  EXPECT_THAT(ChangedFields({a}, {a, b}), ElementsAre("checkers"));
  CheckerOptions c = b;
  c.address = "c:1";
  c.tls = ClientTls();
  c.timeout *= 2;
  c.healthy_ttl *= 2;
  c.unhealthy_ttl *= 2;
  EXPECT_THAT(ChangedFields({a, b}, {a, c}),
              ElementsAre("checkers[1].address", "checkers[1].tls",
                          "checkers[1].timeout", "checkers[1].healthy_ttl",
                          "checkers[1].unhealthy_ttl"));
}

}  // namespace
}  // namespace sluice::policy
