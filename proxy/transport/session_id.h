#ifndef PROXY_TRANSPORT_SESSION_ID_H_
#define PROXY_TRANSPORT_SESSION_ID_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/string_view.h"
#include "absl/types/optional.h"

namespace sluice::transport {

// Names a connection of this process, as policy.v1.SessionInfo.session_id:
// worker and connection in hexadecimal digits, so many that text sorts as
// numbers do.
struct SessionId {
  size_t worker;
  uint64_t connection;

  std::string ToString() const {
    return absl::StrFormat("%04x%012x", worker, connection);
  }

  // nullopt for what ToString() has not made.
  static absl::optional<SessionId> Parse(absl::string_view text) {
    uint64_t worker;
    uint64_t connection;
    if (text.size() != 16 || !absl::SimpleHexAtoi(text.substr(0, 4), &worker) ||
        !absl::SimpleHexAtoi(text.substr(4), &connection)) {
      return absl::nullopt;
    }
    const SessionId id{static_cast<size_t>(worker), connection};
    // The digits may have been 0x and a blank.
    if (id.ToString() != text) return absl::nullopt;
    return id;
  }
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_SESSION_ID_H_
