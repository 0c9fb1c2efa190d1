#include "proxy/base/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sluice {
namespace {

constexpr char kAnyHost[] = "::";
constexpr char kAnyIpv4Host[] = "0.0.0.0";

bool IsIpv4(const std::string& host) {
  in_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1;
}

bool IsDigits(absl::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), absl::ascii_isdigit);
}

}  // namespace

bool Address::is_local() const {
  if (is_unix() || absl::EqualsIgnoreCase(host, "localhost")) return true;
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) {
    return (ntohl(v4.s_addr) >> 24) == IN_LOOPBACKNET;
  }
  in6_addr v6;
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 &&
         IN6_IS_ADDR_LOOPBACK(&v6);
}

bool Address::Overlaps(const Address& other) const {
  if (is_unix() || other.is_unix()) return unix_path == other.unix_path;
  if (port != other.port || port == 0) return false;
  if (host == other.host || host == kAnyHost || other.host == kAnyHost) {
    return true;
  }
  return (host == kAnyIpv4Host && IsIpv4(other.host)) ||
         (other.host == kAnyIpv4Host && IsIpv4(host));
}

std::string Address::ToString() const {
  if (is_unix()) return absl::StrCat("unix:", unix_path);
  if (absl::StrContains(host, ':')) return absl::StrCat("[", host, "]:", port);
  return absl::StrCat(host, ":", port);
}

absl::StatusOr<Address> ParseAddress(absl::string_view text) {
  Address address;
  if (absl::ConsumePrefix(&text, "unix:")) {
    if (text.empty()) {
      return absl::InvalidArgumentError("expected a path behind \"unix:\"");
    }
    address.unix_path = std::string(text);
    return address;
  }
  const size_t colon = text.rfind(':');
  absl::string_view host = text.substr(0, colon);
  const bool is_ipv6 =
      absl::ConsumePrefix(&host, "[") && absl::ConsumeSuffix(&host, "]");
  if (colon == absl::string_view::npos || host.empty() ||
      is_ipv6 != absl::StrContains(host, ':') ||
      host.find_first_of("[]/ ") != absl::string_view::npos) {
    return absl::InvalidArgumentError(
        "expected HOST:PORT (an IPv6 address in brackets) or unix:PATH");
  }
  const absl::string_view port_text = text.substr(colon + 1);
  uint32_t port = 0;
  if (!IsDigits(port_text) || !absl::SimpleAtoi(port_text, &port) ||
      port > 65535) {
    return absl::InvalidArgumentError("expected a port from 0 to 65535");
  }
  address.host = std::string(host);
  address.port = static_cast<uint16_t>(port);
  return address;
}

}  // namespace sluice
