#include "policy/server/changed_fields.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "policy/tls/client_tls.h"

namespace sluice::policy {
namespace {

// Gathers the fields of a section, at `path`.
class Comparison {
 public:
  explicit Comparison(std::string path) : path_(std::move(path)) {}

  template <typename T>
  void Field(absl::string_view name, const T& a, const T& b) {
    if (!(a == b)) fields_.push_back(absl::StrCat(path_, ".", name));
  }

  void Tls(const std::optional<ClientTls>& a,
           const std::optional<ClientTls>& b) {
    if (!a.has_value() || !b.has_value()) {
      Field("tls", a.has_value(), b.has_value());
      return;
    }
    Field("tls.ca", a->ca, b->ca);
    Field("tls.certificate", a->certificate, b->certificate);
    Field("tls.private_key", a->private_key, b->private_key);
  }

  const std::vector<std::string>& fields() const { return fields_; }

 private:
  const std::string path_;
  std::vector<std::string> fields_;
};

}  // namespace

std::vector<std::string> ChangedFields(const StoreOptions& a,
                                       const StoreOptions& b) {
  if (a == b) return {};
  Comparison store("store");
  store.Field("sqlite", a.sqlite_path, b.sqlite_path);
  if (!a.etcd.has_value() || !b.etcd.has_value()) {
    store.Field("etcd", a.etcd.has_value(), b.etcd.has_value());
    return store.fields();
  }
  Comparison etcd("store.etcd");
  etcd.Field("endpoints", a.etcd->endpoints, b.etcd->endpoints);
  etcd.Field("prefix", a.etcd->prefix, b.etcd->prefix);
  etcd.Tls(a.etcd->tls, b.etcd->tls);
  etcd.Field("username", a.etcd->username, b.etcd->username);
  etcd.Field("password_file", a.etcd->password, b.etcd->password);
  return etcd.fields();
}

std::vector<std::string> ChangedFields(const std::vector<CheckerOptions>& a,
                                       const std::vector<CheckerOptions>& b) {
  const auto have_one_name = [](const CheckerOptions& x,
                                const CheckerOptions& y) {
    return x.name == y.name;
  };
  if (!std::equal(a.begin(), a.end(), b.begin(), b.end(), have_one_name)) {
    return {"checkers"};
  }
  std::vector<std::string> fields;
  for (size_t i = 0; i < a.size(); ++i) {
    Comparison checker(absl::StrCat("checkers[", i, "]"));
    checker.Field("address", a[i].address, b[i].address);
    checker.Tls(a[i].tls, b[i].tls);
    checker.Field("timeout", a[i].timeout, b[i].timeout);
    checker.Field("healthy_ttl", a[i].healthy_ttl, b[i].healthy_ttl);
    checker.Field("unhealthy_ttl", a[i].unhealthy_ttl, b[i].unhealthy_ttl);
    fields.insert(fields.end(), checker.fields().begin(),
                  checker.fields().end());
  }
  return fields;
}

}  // namespace sluice::policy
