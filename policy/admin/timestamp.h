#ifndef POLICY_ADMIN_TIMESTAMP_H_
#define POLICY_ADMIN_TIMESTAMP_H_

#include <optional>

#include "absl/time/time.h"
#include "google/protobuf/timestamp.pb.h"

namespace sluice::policy {

// `time` is between the years 1 and 9999.
google::protobuf::Timestamp ToTimestamp(absl::Time time);

// nullopt where `timestamp` is out of the range that its type has.
std::optional<absl::Time> FromTimestamp(
    const google::protobuf::Timestamp& timestamp);

}  // namespace sluice::policy

#endif  // POLICY_ADMIN_TIMESTAMP_H_
