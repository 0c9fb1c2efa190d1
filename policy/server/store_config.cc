#include "policy/server/store_config.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/server/files.h"
#include "policy/server/listen_address.h"
#include "policy/server/pem.h"

namespace sluice::policy {
namespace {

using Schema = config::v1::PolicyConfig::Store;
using config::ElementPath;

constexpr char kRequired[] = "required, and missing or empty";
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
      const absl::StatusOr<ListenAddress> address =
          ParseListenAddress(endpoint);
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
    const Schema::Etcd::Tls& tls = schema_.tls();
    EtcdOptions::Tls& out = options_.tls.emplace();
    if (tls.certificate().empty() != tls.private_key().empty()) {
      return locations_.Error("store.etcd.tls",
                              "certificate and private_key go together");
    }
    if (absl::Status s = Read("tls.ca", tls.ca(), &out.ca); !s.ok()) return s;
    absl::Status s =
        Read("tls.certificate", tls.certificate(), &out.certificate);
    if (s.ok())
      s = Read("tls.private_key", tls.private_key(), &out.private_key);
    if (!s.ok()) return s;
    if (!out.ca.empty()) {
      s = CheckCertificates(out.ca);
      if (!s.ok()) return Error("tls.ca", s.message());
    }
    if (out.certificate.empty()) return absl::OkStatus();
    s = CheckCertificates(out.certificate);
    if (!s.ok()) return Error("tls.certificate", s.message());
    s = CheckPrivateKey(out.private_key, out.certificate);
    if (!s.ok()) return Error("tls.private_key", s.message());
    return absl::OkStatus();
  }

  absl::Status CheckUser() {
    if (schema_.username().empty() != schema_.password_file().empty()) {
      return locations_.Error("store.etcd",
                              "username and password_file go together");
    }
    options_.username = schema_.username();
    absl::Status s =
        Read("password_file", schema_.password_file(), &options_.password);
    // An editor ends a file with a line break.
    absl::StripTrailingAsciiWhitespace(&options_.password);
    return s;
  }

  // Reads the file, where one is named.
  absl::Status Read(absl::string_view field, const std::string& name,
                    std::string* contents) const {
    if (name.empty()) return absl::OkStatus();
    absl::StatusOr<std::string> read =
        ReadSmallFile(ResolvePath(locations_.file(), name));
    if (!read.ok()) return Error(field, read.status().message());
    *contents = *std::move(read);
    return absl::OkStatus();
  }

  absl::Status Error(absl::string_view field, absl::string_view problem) const {
    return locations_.Error(absl::StrCat("store.etcd.", field), problem);
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
