#include "policy/server/store_config.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/server/client_tls.h"
#include "proxy/base/address.h"
#include "proxy/config/files.h"
#include "proxy/config/named_file.h"

namespace sluice::policy {
namespace {

using Schema = config::v1::PolicyConfig::Store;
using config::CheckDirectoryOf;
using config::ElementPath;
using config::kRequired;
using config::ReadNamedSecret;
using config::ResolvePath;

constexpr char kDefaultPrefix[] = "/sluice";

// The file is opened, or created, by whoever runs the service.
absl::StatusOr<std::string> CheckSqlite(const std::string& name,
                                        const config::Locations& locations) {
  constexpr char kField[] = "store.sqlite";
  if (name.empty()) return locations.Error(kField, kRequired);
  const std::string path = ResolvePath(locations.file(), name);
  if (absl::Status s = CheckDirectoryOf(path); !s.ok()) {
    return locations.Error(kField, s.message());
  }
  return path;
}

bool IsPrefix(absl::string_view prefix) {
  return prefix.size() > 1 && absl::StartsWith(prefix, "/") &&
         !absl::EndsWith(prefix, "/") &&
         std::all_of(prefix.begin(), prefix.end(),
                     [](unsigned char c) { return absl::ascii_isgraph(c); });
}

// Of `store.etcd`.
class EtcdChecker {
 public:
  EtcdChecker(const Schema::Etcd& schema, const config::Locations& locations)
      : schema_(schema), locations_(locations) {}

  absl::StatusOr<EtcdOptions> Check() {
    if (absl::Status s = CheckEndpoints(); !s.ok()) return s;
    options_.prefix =
        schema_.prefix().empty() ? kDefaultPrefix : schema_.prefix();
    if (!IsPrefix(options_.prefix)) {
      return locations_.Error("store.etcd.prefix",
                              "expected a path such as /sluice");
    }
    if (absl::Status s = CheckTls(); !s.ok()) return s;
    if (absl::Status s = CheckUser(); !s.ok()) return s;
    return std::move(options_);
  }

 private:
  absl::Status CheckEndpoints() {
    constexpr char kField[] = "store.etcd.endpoints";
    if (schema_.endpoints().empty()) return locations_.Error(kField, kRequired);
    for (int i = 0; i < schema_.endpoints_size(); ++i) {
      const std::string& endpoint = schema_.endpoints(i);
      const absl::StatusOr<Address> address = ParseAddress(endpoint);
      if (!address.ok() || address->is_unix() || address->port == 0 ||
          absl::StrContains(endpoint, "/")) {
        return locations_.Error(ElementPath(kField, i), "expected HOST:PORT");
      }
      options_.endpoints.push_back(endpoint);
    }
    return absl::OkStatus();
  }

  absl::Status CheckTls() {
    if (!schema_.has_tls()) return absl::OkStatus();
    absl::StatusOr<ClientTls> tls =
        ReadClientTls(schema_.tls(), Field("tls"), locations_);
    if (!tls.ok()) return tls.status();
    options_.tls = *std::move(tls);
    return absl::OkStatus();
  }

  absl::Status CheckUser() {
    if (schema_.username().empty() != schema_.password_file().empty()) {
      return locations_.Error("store.etcd",
                              "username and password_file go together");
    }
    options_.username = schema_.username();
    if (schema_.password_file().empty()) return absl::OkStatus();
    absl::StatusOr<SecretString> password = ReadNamedSecret(
        locations_, Field("password_file"), schema_.password_file());
    if (!password.ok()) return password.status();
    options_.password = *std::move(password);
    return absl::OkStatus();
  }

  static std::string Field(absl::string_view name) {
    return config::FieldPath("store.etcd", name);
  }

  const Schema::Etcd& schema_;
  const config::Locations& locations_;
  EtcdOptions options_;
};

}  // namespace

absl::StatusOr<StoreOptions> CheckStore(const config::v1::PolicyConfig& schema,
                                        const config::Locations& locations) {
  StoreOptions options;
  switch (schema.store().backend_case()) {
    case Schema::kMemory:
      return options;
    case Schema::kSqlite: {
      absl::StatusOr<std::string> path =
          CheckSqlite(schema.store().sqlite(), locations);
      if (!path.ok()) return path.status();
      options.sqlite_path = *std::move(path);
      return options;
    }
    case Schema::kEtcd: {
      absl::StatusOr<EtcdOptions> etcd =
          EtcdChecker(schema.store().etcd(), locations).Check();
      if (!etcd.ok()) return etcd.status();
      options.etcd = *std::move(etcd);
      return options;
    }
    case Schema::BACKEND_NOT_SET:
      break;
  }
  if (!schema.has_store()) return options;
  return locations.Error("store",
                         "expected exactly one of memory, sqlite, etcd");
}

}  // namespace sluice::policy
