#ifndef PROXY_CONFIG_SCALARS_H_
#define PROXY_CONFIG_SCALARS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"

namespace sluice::config {

// The value of a field without structure, as it is written in YAML.
struct ScalarText {
  absl::string_view text;
  bool quoted = false;
};

// Sets `field` of `message` from `scalar`, or adds to it when it is repeated.
// A string takes any UTF-8 without U+0000 as it is written; a number or a truth
// value must not be quoted; an enum is named as
// proto/sluice/config/v1/yaml.proto says; a google.protobuf.Duration is like
// "10s", "250ms" or "5m", and not negative. The status of a failure is
// kInvalidArgument, its message for the user and without the place.
absl::Status SetScalar(const ScalarText& scalar,
                       const google::protobuf::FieldDescriptor& field,
                       google::protobuf::Message* message);

// Whether SetScalar() sets fields of this type: all but messages other than
// google.protobuf.Duration.
bool IsScalar(const google::protobuf::FieldDescriptor& field);

// "true or false", "a number", ...: what a field's value is, for messages.
std::string Expectation(const google::protobuf::FieldDescriptor& field);

}  // namespace sluice::config

#endif  // PROXY_CONFIG_SCALARS_H_
