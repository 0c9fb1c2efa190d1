#ifndef PROTO_TIMESTAMP_H_
#define PROTO_TIMESTAMP_H_

#include <optional>

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"
#include "google/protobuf/timestamp.pb.h"

namespace sluice {

// How messages have times and durations.

// `time` is between the years 1 and 9999.
google::protobuf::Timestamp ToTimestamp(absl::Time time);

// nullopt where `timestamp` is out of the range that its type has.
std::optional<absl::Time> FromTimestamp(
    const google::protobuf::Timestamp& timestamp);

// `duration` is finite, and of less than 10,000 years.
google::protobuf::Duration ToProtoDuration(absl::Duration duration);

// Of any message, also one out of the range that its type has.
absl::Duration FromProtoDuration(const google::protobuf::Duration& message);

}  // namespace sluice

#endif  // PROTO_TIMESTAMP_H_
