#include "policy/server/checker_config.h"

#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/server/client_tls.h"
#include "policy/store/resource_rules.h"
#include "proto/timestamp.h"
#include "proxy/base/address.h"
#include "proxy/config/named_address.h"

namespace sluice::policy {
namespace {

using Schema = ::sluice::config::v1::PolicyConfig::Checker;
using ::sluice::config::AnyPort;
using ::sluice::config::ElementPath;
using ::sluice::config::FieldPath;
using ::sluice::config::ReadNamedAddress;
using ::sluice::config::Unix;

// Of one entry, at `path`.
class EntryChecker {
 public:
  EntryChecker(const Schema& schema, std::string path,
               const config::Locations& locations)
      : schema_(schema), path_(std::move(path)), locations_(locations) {}

  absl::StatusOr<CheckerOptions> Check() {
    if (!IsResourceNamePart(schema_.name())) {
      return Error("name", "expected up to 255 letters, digits, '-', '_', '.'");
    }
    options_.name = schema_.name();
    if (absl::Status s = CheckAddress(); !s.ok()) return s;
    if (schema_.has_tls()) {
      absl::StatusOr<ClientTls> tls =
          ReadClientTls(schema_.tls(), FieldPath(path_, "tls"), locations_);
      if (!tls.ok()) return tls.status();
      options_.tls = *std::move(tls);
    }
    if (absl::Status s = CheckTime("timeout", schema_.has_timeout(),
                                   schema_.timeout(), absl::Milliseconds(1),
                                   absl::Minutes(1), &options_.timeout);
        !s.ok()) {
      return s;
    }
    if (absl::Status s = CheckTime("healthy_ttl", schema_.has_healthy_ttl(),
                                   schema_.healthy_ttl(), absl::ZeroDuration(),
                                   absl::Hours(24), &options_.healthy_ttl);
        !s.ok()) {
      return s;
    }
    if (absl::Status s =
            CheckTime("unhealthy_ttl", schema_.has_unhealthy_ttl(),
                      schema_.unhealthy_ttl(), absl::ZeroDuration(),
                      absl::Hours(24), &options_.unhealthy_ttl);
        !s.ok()) {
      return s;
    }
    return std::move(options_);
  }

 private:
  absl::Status Error(absl::string_view field, absl::string_view problem) const {
    return locations_.Error(FieldPath(path_, field), problem);
  }

  absl::Status CheckAddress() {
    const absl::StatusOr<Address> address =
        ReadNamedAddress(locations_, FieldPath(path_, "address"),
                         schema_.address(), Unix::kAllowed, AnyPort::kRefused);
    if (!address.ok()) return address.status();
    options_.address = address->ToString();
    return absl::OkStatus();
  }

  absl::Status CheckTime(absl::string_view field, bool present,
                         const google::protobuf::Duration& value,
                         absl::Duration least, absl::Duration most,
                         absl::Duration* out) const {
    if (!present) return absl::OkStatus();
    *out = FromProtoDuration(value);
    if (*out >= least && *out <= most) return absl::OkStatus();
    return Error(field, absl::StrCat("expected a duration from ",
                                     absl::FormatDuration(least), " to ",
                                     absl::FormatDuration(most)));
  }

  const Schema& schema_;
  const std::string path_;
  const config::Locations& locations_;
  CheckerOptions options_;
};

}  // namespace

absl::StatusOr<std::vector<CheckerOptions>> CheckCheckers(
    const config::v1::PolicyConfig& schema,
    const config::Locations& locations) {
  std::vector<CheckerOptions> all;
  for (int i = 0; i < schema.checkers_size(); ++i) {
    const std::string path = ElementPath("checkers", i);
    absl::StatusOr<CheckerOptions> options =
        EntryChecker(schema.checkers(i), path, locations).Check();
    if (!options.ok()) return options.status();
    if (absl::c_any_of(all, [&options](const CheckerOptions& other) {
          return other.name == options->name;
        })) {
      return locations.Error(FieldPath(path, "name"), "is there twice");
    }
    all.push_back(*std::move(options));
  }
  return all;
}

}  // namespace sluice::policy
