#ifndef PROXY_CONFIG_DURATION_H_
#define PROXY_CONFIG_DURATION_H_

#include "absl/time/time.h"
#include "google/protobuf/duration.pb.h"

namespace sluice::config {

inline absl::Duration ToDuration(const google::protobuf::Duration& duration) {
  return absl::Seconds(duration.seconds()) +
         absl::Nanoseconds(duration.nanos());
}

}  // namespace sluice::config

#endif  // PROXY_CONFIG_DURATION_H_
