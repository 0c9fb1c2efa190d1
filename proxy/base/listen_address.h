#ifndef PROXY_BASE_LISTEN_ADDRESS_H_
#define PROXY_BASE_LISTEN_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sluice {

// Where a server listens.
struct ListenAddress {
  // The socket file; empty for TCP.
  std::string unix_path;
  // For TCP; an IPv6 address stands in brackets. Port 0 means any.
  std::string host;
  uint16_t port = 0;

  bool is_unix() const { return !unix_path.empty(); }
  // The host without brackets, as getaddrinfo(3) wants it.
  absl::string_view bare_host() const;
  // Whether only this host can reach it: a socket file, or a loopback address
  // ("localhost" is taken for one).
  bool is_local() const;
  // As a user writes it: "HOST:PORT" or "unix:PATH".
  std::string ToString() const;
};

inline bool operator==(const ListenAddress& a, const ListenAddress& b) {
  return a.unix_path == b.unix_path && a.host == b.host && a.port == b.port;
}

// Reads "HOST:PORT" or "unix:PATH". The message of a failure says what is
// wrong with the text. A PATH that no socket can have is kInvalidArgument too.
absl::StatusOr<ListenAddress> ParseListenAddress(absl::string_view text);

}  // namespace sluice

#endif  // PROXY_BASE_LISTEN_ADDRESS_H_
