#include "proxy/server/field_checks.h"

#include <sys/un.h>

#include <cstring>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "policy/server/files.h"
#include "proto/timestamp.h"
#include "proxy/base/small_file.h"

namespace sluice::server {
namespace {

constexpr absl::Duration kMaxTime = absl::Hours(24);

}  // namespace

absl::Status FieldChecks::CheckAddress(const std::string& path,
                                       const std::string& text,
                                       Unix unix_socket, AnyPort any_port,
                                       Address* result) const {
  if (text.empty()) return locations_.Error(path, kRequired);
  absl::StatusOr<Address> address = ParseListenAddress(text);
  if (!address.ok()) return locations_.Error(path, address.status().message());
  if (address->is_unix() && unix_socket == Unix::kRefused) {
    return locations_.Error(path,
                            "expected HOST:PORT; a socket file won't do here");
  }
  if (address->is_unix()) {
    address->unix_path =
        policy::ResolvePath(locations_.file(), address->unix_path);
    if (address->unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
      return locations_.Error(path,
                              "the path is longer than a socket's may be");
    }
  }
  if (!address->is_unix() && address->port == 0 &&
      any_port == AnyPort::kRefused) {
    return locations_.Error(path,
                            "port 0 can't be connected to; name the port");
  }
  *result = *std::move(address);
  return absl::OkStatus();
}

absl::Status FieldChecks::CheckTime(const std::string& path, bool present,
                                    const google::protobuf::Duration& value,
                                    Zero zero, absl::Duration* result) const {
  if (!present) return absl::OkStatus();
  const absl::Duration time = FromProtoDuration(value);
  if (time == absl::ZeroDuration() && zero == Zero::kRefused) {
    return locations_.Error(path, "must be longer than 0s");
  }
  if (time > kMaxTime)
    return locations_.Error(path, "must not be longer than 24h");
  *result = time;
  return absl::OkStatus();
}

absl::Status FieldChecks::ReadNamedFile(const std::string& path,
                                        const std::string& name,
                                        std::string* contents) const {
  if (name.empty()) return locations_.Error(path, kRequired);
  absl::StatusOr<std::string> read =
      ReadSmallFile(policy::ResolvePath(locations_.file(), name));
  if (!read.ok()) return locations_.Error(path, read.status().message());
  *contents = *std::move(read);
  return absl::OkStatus();
}

absl::Status FieldChecks::ReadCertificate(const std::string& path,
                                          const std::string& name,
                                          policy::CertificateUse use,
                                          std::string* pem) const {
  if (absl::Status s = ReadNamedFile(path, name, pem); !s.ok()) return s;
  const absl::Status checked = policy::CheckCertificates(*pem, use);
  if (checked.ok()) return checked;
  return locations_.Error(path, absl::StrCat(name, ": ", checked.message()));
}

absl::Status FieldChecks::CheckCertificate(const std::string& path,
                                           const std::string& name,
                                           policy::CertificateUse use,
                                           std::string* file) const {
  std::string pem;
  absl::Status s = ReadCertificate(path, name, use, &pem);
  if (!s.ok()) return s;
  *file = policy::ResolvePath(locations_.file(), name);
  return absl::OkStatus();
}

absl::Status FieldChecks::CheckKeyPair(const std::string& path,
                                       const std::string& certificate,
                                       const std::string& private_key,
                                       policy::CertificateUse use,
                                       KeyPairFiles* files) const {
  std::string certificate_pem;
  absl::Status s = ReadCertificate(config::FieldPath(path, "certificate"),
                                   certificate, use, &certificate_pem);
  if (!s.ok()) return s;
  const std::string key_path = config::FieldPath(path, "private_key");
  std::string key_pem;
  const auto wipe = absl::MakeCleanup(
      [&key_pem] { explicit_bzero(key_pem.data(), key_pem.size()); });
  s = ReadNamedFile(key_path, private_key, &key_pem);
  if (!s.ok()) return s;
  const absl::Status checked =
      policy::CheckPrivateKey(key_pem, certificate_pem);
  if (!checked.ok()) {
    return locations_.Error(key_path,
                            absl::StrCat(private_key, ": ", checked.message()));
  }
  *files = {policy::ResolvePath(locations_.file(), certificate),
            policy::ResolvePath(locations_.file(), private_key)};
  return absl::OkStatus();
}

}  // namespace sluice::server
