#ifndef PROXY_BASE_ADDRESS_H_
#define PROXY_BASE_ADDRESS_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace sluice {

// Where a server listens, or is connected to.
struct Address {
  // For TCP: a name or an address, as getaddrinfo(3) wants it, and the port; 0
  // means any.
  std::string host;
  uint16_t port = 0;
  // The socket file; empty for TCP.
  std::string unix_path = {};

  bool is_unix() const { return !unix_path.empty(); }
  // Whether only this host can reach it: a socket file, or a loopback address
  // ("localhost" is taken for one).
  bool is_local() const;
  // Whether both cannot be listened at at once, as far as can be told without
  // asking for names: [::] takes IPv4 too. With any port they can.
  bool Overlaps(const Address& other) const;
  // As a user writes it: "HOST:PORT", with an IPv6 address in brackets, or
  // "unix:PATH".
  std::string ToString() const;
};

inline bool operator==(const Address& a, const Address& b) {
  return a.host == b.host && a.port == b.port && a.unix_path == b.unix_path;
}

// Reads what ToString() writes. The message of a failure, kInvalidArgument,
// says what is wrong with the text.
absl::StatusOr<Address> ParseAddress(absl::string_view text);

}  // namespace sluice

#endif  // PROXY_BASE_ADDRESS_H_
