#ifndef POLICY_RULES_NETWORK_H_
#define POLICY_RULES_NETWORK_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace sluice::policy {

// An IP address; of version 4 as one of version 6 that maps it (RFC 4291
// section 2.5.5.2).
using IpAddress = std::array<uint8_t, 16>;

// "192.0.2.1", "2001:db8::1"; a zone ("%eth0") does not matter.
std::optional<IpAddress> ParseIpAddress(absl::string_view text);

// The address of "192.0.2.1:4711" or "[2001:db8::1]:4711".
std::optional<IpAddress> ParseIpAddressOfPeer(absl::string_view text);

// That, of an address with a port or without. Nullopt for what is none.
std::optional<std::string> ToPeer(absl::string_view text);

// The addresses that begin with the same bits.
class Network {
 public:
  // "10.0.0.0/8", "2001:db8::/32"; without a length, one address. What stands
  // behind the length does not matter.
  static std::optional<Network> Parse(absl::string_view text);

  bool Contains(const IpAddress& address) const;

 private:
  Network(const IpAddress& address, int bits)
      : address_(address), bits_(bits) {}

  IpAddress address_;
  int bits_;  // that count
};

}  // namespace sluice::policy

#endif  // POLICY_RULES_NETWORK_H_
