#include "proxy/server/field_checks.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "policy/server/named_keys.h"
#include "policy/tls/validity.h"
#include "proto/timestamp.h"
#include "proxy/config/files.h"

namespace sluice::server {
namespace {

constexpr absl::Duration kMaxTime = absl::Hours(24);

}  // namespace

absl::Status FieldChecks::CheckAddress(const std::string& path,
                                       const std::string& text,
                                       config::Unix unix_socket,
                                       config::AnyPort any_port,
                                       Address* result) const {
  absl::StatusOr<Address> address =
      config::ReadNamedAddress(locations_, path, text, unix_socket, any_port);
  if (!address.ok()) return address.status();
  *result = *std::move(address);
  return absl::OkStatus();
}

absl::Status FieldChecks::CheckTime(const std::string& path, bool present,
                                    const google::protobuf::Duration& value,
                                    Zero zero, absl::Duration* result) const {
  if (!present) return absl::OkStatus();
  const absl::Duration time = FromProtoDuration(value);
  if (time == absl::ZeroDuration() && zero == Zero::kRefused) {
    return Error(path, "must be longer than 0s");
  }
  if (time > kMaxTime) return Error(path, "must not be longer than 24h");
  *result = time;
  return absl::OkStatus();
}

absl::StatusOr<std::string> FieldChecks::CheckCertificate(
    const std::string& path, const std::string& name,
    policy::CertificateUse use, std::string* file) const {
  absl::StatusOr<std::string> pem =
      policy::ReadNamedCertificates(locations_, path, name, use);
  if (!pem.ok()) return pem;
  *file = config::ResolvePath(locations_.file(), name);
  const std::string warning = policy::ValidityWarning(*pem, use, absl::Now());
  if (!warning.empty()) Warn(absl::StrCat(path, ": ", *file, ": ", warning));
  return pem;
}

absl::StatusOr<std::string> FieldChecks::CheckKeyPair(
    const std::string& path, const std::string& certificate,
    const std::string& private_key, policy::CertificateUse use,
    transport::CertificateFiles* files) const {
  absl::StatusOr<std::string> pem =
      CheckCertificate(config::FieldPath(path, "certificate"), certificate, use,
                       &files->certificate);
  if (!pem.ok()) return pem;
  const absl::Status key =
      policy::ReadNamedPrivateKey(
          locations_, config::FieldPath(path, "private_key"), private_key, *pem)
          .status();
  if (!key.ok()) return key;
  files->private_key = config::ResolvePath(locations_.file(), private_key);
  return pem;
}

}  // namespace sluice::server
