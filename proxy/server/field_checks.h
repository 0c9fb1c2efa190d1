#ifndef PROXY_SERVER_FIELD_CHECKS_H_
#define PROXY_SERVER_FIELD_CHECKS_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "policy/tls/pem.h"
#include "proxy/base/address.h"
#include "proxy/config/locations.h"
#include "proxy/config/named_address.h"
#include "proxy/transport/certificate_files.h"

namespace sluice::server {

enum class Zero { kAllowed, kRefused };

// Checks of single fields of a configuration. Each takes the field's path, for
// its error, and its value; an error names file, line and field.
class FieldChecks {
 public:
  // What the operator should know though it is no error is added to `warnings`.
  // Both outlive the object.
  FieldChecks(const config::Locations& locations,
              std::vector<std::string>* warnings)
      : locations_(locations), warnings_(*warnings) {}

  const config::Locations& locations() const { return locations_; }
  absl::Status Error(absl::string_view path, absl::string_view problem) const {
    return locations_.Error(path, problem);
  }
  void Warn(std::string warning) const {
    warnings_.push_back(std::move(warning));
  }

  // An address, which is required. A socket file's path is relative to the
  // configuration file.
  absl::Status CheckAddress(const std::string& path, const std::string& text,
                            config::Unix unix_socket, config::AnyPort any_port,
                            Address* result) const;

  // A time of at most a day. Leaves `result` as it is when the field is not
  // `present`.
  absl::Status CheckTime(const std::string& path, bool present,
                         const google::protobuf::Duration& value, Zero zero,
                         absl::Duration* result) const;

  // A PEM file of certificates; gives its path and returns what it holds.
  // Required. Warns of what is not valid, or not for long.
  absl::StatusOr<std::string> CheckCertificate(const std::string& path,
                                               const std::string& name,
                                               policy::CertificateUse use,
                                               std::string* file) const;

  // The fields `certificate` and `private_key` of the field at `path`; gives
  // their paths and returns the PEM of the certificates. Required.
  absl::StatusOr<std::string> CheckKeyPair(
      const std::string& path, const std::string& certificate,
      const std::string& private_key, policy::CertificateUse use,
      transport::CertificateFiles* files) const;

 private:
  const config::Locations& locations_;
  std::vector<std::string>& warnings_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_FIELD_CHECKS_H_
