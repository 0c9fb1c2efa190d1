#ifndef PROXY_BASE_SMALL_FILE_H_
#define PROXY_BASE_SMALL_FILE_H_

#include <string>

#include "absl/status/statusor.h"

namespace sluice {

// The contents of a regular file of at most 1 MiB, which is what keys,
// certificates and key sets are in. No other copy of them is left in memory.
// The message of a failure names the file and the reason.
absl::StatusOr<std::string> ReadSmallFile(const std::string& path);

}  // namespace sluice

#endif  // PROXY_BASE_SMALL_FILE_H_
