#ifndef PROXY_BASE_BYTES_H_
#define PROXY_BASE_BYTES_H_

#include <cstddef>
#include <cstdint>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace sluice {

// A view of bytes that somebody else owns.
using ByteView = absl::Span<const uint8_t>;

inline absl::string_view AsString(ByteView bytes) {
  return absl::string_view(reinterpret_cast<const char*>(bytes.data()),
                           bytes.size());
}

inline ByteView AsBytes(absl::string_view text) {
  return ByteView(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

}  // namespace sluice

#endif  // PROXY_BASE_BYTES_H_
