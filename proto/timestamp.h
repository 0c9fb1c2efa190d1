#ifndef PROTO_TIMESTAMP_H_
#define PROTO_TIMESTAMP_H_

#include <optional>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace sluice {

// How messages have times.

// `time` is between the years 1 and 9999.
google::protobuf::Timestamp ToTimestamp(absl::Time time);

// nullopt where `timestamp` is out of the range that its type has.
std::optional<absl::Time> FromTimestamp(
    const google::protobuf::Timestamp& timestamp);

}  // namespace sluice

#endif  // PROTO_TIMESTAMP_H_
