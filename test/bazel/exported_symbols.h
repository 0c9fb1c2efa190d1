#ifndef TEST_BAZEL_EXPORTED_SYMBOLS_H_
#define TEST_BAZEL_EXPORTED_SYMBOLS_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sluice::testing {

// The names that the 64-bit ELF file `path`, of this machine's byte order,
// defines for other objects of a process to bind to: what its dynamic symbol
// table (.dynsym) defines.
absl::StatusOr<std::vector<std::string>> ExportedSymbols(
    const std::string& path);

}  // namespace sluice::testing

#endif  // TEST_BAZEL_EXPORTED_SYMBOLS_H_
