#ifndef TEST_POLICY_STORE_STORE_KIND_H_
#define TEST_POLICY_STORE_STORE_KIND_H_

#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "policy/store/etcd_client.h"
#include "test/testing/etcd_server.h"

namespace sluice::policy {

// What a store keeps its memory in: the parameter of tests of what every store
// does.
enum class Kind { kMemory, kSqlite, kEtcd };

inline std::string KindName(const ::testing::TestParamInfo<Kind>& info) {
  switch (info.param) {
    case Kind::kMemory:
      return "Memory";
    case Kind::kSqlite:
      return "Sqlite";
    case Kind::kEtcd:
      return "Etcd";
  }
  return "";
}

// Of a place of its own in an etcd that all tests of the program share.
inline EtcdOptions NewPlaceInEtcd() {
  static const sluice::testing::EtcdServer etcd;
  static int prefixes = 0;
  EtcdOptions options;
  options.endpoints = {etcd.endpoint()};
  options.prefix = absl::StrCat("/", ++prefixes);
  options.timeout = absl::Seconds(20);  // etcd may be starting
  return options;
}

}  // namespace sluice::policy

#endif  // TEST_POLICY_STORE_STORE_KIND_H_
