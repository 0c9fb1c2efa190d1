#include "proxy/config/named_address.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "proxy/base/unix_address.h"
#include "proxy/config/files.h"
#include "proxy/config/named_file.h"

namespace sluice::config {

absl::StatusOr<Address> ReadNamedAddress(const Locations& locations,
                                         const std::string& path,
                                         const std::string& text,
                                         Unix unix_socket, AnyPort any_port) {
  if (text.empty()) return locations.Error(path, kRequired);
  absl::StatusOr<Address> address = ParseAddress(text);
  if (!address.ok()) {
    absl::string_view problem = address.status().message();
    if (unix_socket == Unix::kRefused) {
      absl::ConsumeSuffix(&problem, " or unix:PATH");
    }
    return locations.Error(path, problem);
  }
  if (!address->is_unix()) {
    if (address->host == "*") {
      return locations.Error(path,
                             any_port == AnyPort::kAllowed
                                 ? "\"*\" is no address; use 0.0.0.0 or [::]"
                                 : "\"*\" is no address");
    }
    if (address->port != 0 || any_port == AnyPort::kAllowed) return address;
    return locations.Error(path, "port 0 can't be connected to; name the port");
  }
  if (unix_socket == Unix::kRefused) {
    return locations.Error(path,
                           "expected HOST:PORT; a socket file won't do here");
  }
  address->unix_path = ResolvePath(locations.file(), address->unix_path);
  if (address->unix_path.size() > kMaxUnixPath) {
    return locations.Error(
        path, absl::StrCat("the path of a socket has at most ", kMaxUnixPath,
                           " bytes; ", address->unix_path, " has ",
                           address->unix_path.size(),
                           "; put it into a directory of a shorter name"));
  }
  return address;
}

}  // namespace sluice::config
