#ifndef PROXY_SERVER_FIELD_CHECKS_H_
#define PROXY_SERVER_FIELD_CHECKS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "policy/server/listen_address.h"
#include "proxy/config/locations.h"

namespace sluice::server {

// "HOST:PORT" or "unix:PATH".
using Address = policy::ListenAddress;

// What is wrong with a field that has to be there.
inline constexpr char kRequired[] = "required, and missing or empty";

enum class Zero { kAllowed, kRefused };
enum class Unix { kAllowed, kRefused };
enum class AnyPort { kAllowed, kRefused };

// Checks of single fields of a configuration. Each takes the field's path, for
// its error, and its value; an error names file, line and field.
class FieldChecks {
 public:
  // `locations` outlives the object.
  explicit FieldChecks(const config::Locations& locations)
      : locations_(locations) {}

  // An address, which is required.
  absl::Status CheckAddress(const std::string& path, const std::string& text,
                            Unix unix_socket, AnyPort any_port,
                            Address* result) const;

  // A time of at most a day. Leaves `result` as it is when the field is not
  // `present`.
  absl::Status CheckTime(const std::string& path, bool present,
                         const google::protobuf::Duration& value, Zero zero,
                         absl::Duration* result) const;

  // The contents of the file `name`, relative to the configuration file;
  // required.
  absl::Status ReadNamedFile(const std::string& path, const std::string& name,
                             std::string* contents) const;

  // The same for PEM files, whose contents are checked: certificates, and the
  // private key of the first of `certificate`.
  absl::Status ReadCertificate(const std::string& path, const std::string& name,
                               std::string* pem) const;
  absl::Status ReadPrivateKey(const std::string& path, const std::string& name,
                              const std::string& certificate,
                              std::string* pem) const;

 private:
  const config::Locations& locations_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_FIELD_CHECKS_H_
