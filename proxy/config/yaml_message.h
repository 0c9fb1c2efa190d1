#ifndef PROXY_CONFIG_YAML_MESSAGE_H_
#define PROXY_CONFIG_YAML_MESSAGE_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "proxy/config/locations.h"

namespace sluice::config {

// Reads the YAML file `path` into `message`, whose schema says which fields
// there are. A field of the message is a key of the same name; a repeated field
// is a list, a message a mapping, and SetScalar() tells the rest.
//
// A failure's message is "FILE:LINE: path.to[0].field: what is wrong and what
// to do"; the first one in the file is reported, and `message` is then in an
// unspecified state. Failures are: a file that can't be read (kNotFound and the
// like), and, as kInvalidArgument, broken YAML, a key that is unknown or stands
// twice, a value of the wrong type, out of range or missing, and two fields of
// one oneof. Whether the values make sense is for the caller to check, who
// words its errors with the returned locations.
absl::StatusOr<Locations> LoadYamlFile(const std::string& path,
                                       google::protobuf::Message* message);

// The same for `text`; `file` only words the errors.
absl::StatusOr<Locations> ParseYaml(absl::string_view text,
                                    const std::string& file,
                                    google::protobuf::Message* message);

}  // namespace sluice::config

#endif  // PROXY_CONFIG_YAML_MESSAGE_H_
