#include "policy/rules/network.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace sluice::policy {
namespace {

constexpr int kBits = 128;
constexpr int kMappedBits = 96;  // before an address of version 4

bool IsV4(absl::string_view text) {
  return text.find(':') == absl::string_view::npos;
}

}  // namespace

std::optional<IpAddress> ParseIpAddress(absl::string_view text) {
  text = text.substr(0, text.find('%'));
  const std::string copy(text);  // ends with a zero byte
  IpAddress address{};
  if (!IsV4(text)) {
    if (inet_pton(AF_INET6, copy.c_str(), address.data()) != 1) {
      return std::nullopt;
    }
    return address;
  }
  address[10] = address[11] = 0xFF;
  if (inet_pton(AF_INET, copy.c_str(), address.data() + 12) != 1) {
    return std::nullopt;
  }
  return address;
}

std::optional<IpAddress> ParseIpAddressOfPeer(absl::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return std::nullopt;
  absl::string_view host = text.substr(0, colon);
  if (absl::ConsumePrefix(&host, "[") && !absl::ConsumeSuffix(&host, "]")) {
    return std::nullopt;
  }
  return ParseIpAddress(host);
}

std::optional<std::string> ToPeer(absl::string_view text) {
  if (ParseIpAddress(text).has_value()) {
    return IsV4(text) ? absl::StrCat(text, ":0")
                      : absl::StrCat("[", text, "]:0");
  }
  if (ParseIpAddressOfPeer(text).has_value()) return std::string(text);
  return std::nullopt;
}

std::optional<Network> Network::Parse(absl::string_view text) {
  const size_t slash = text.find('/');
  const absl::string_view host = text.substr(0, slash);
  const std::optional<IpAddress> address = ParseIpAddress(host);
  if (!address.has_value()) return std::nullopt;
  if (slash == absl::string_view::npos) return Network(*address, kBits);
  const absl::string_view length = text.substr(slash + 1);
  const int unused = IsV4(host) ? kMappedBits : 0;
  int bits;
  if (length.empty() ||
      !std::all_of(length.begin(), length.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(length, &bits) || bits > kBits - unused) {
    return std::nullopt;
  }
  return Network(*address, bits + unused);
}

bool Network::Contains(const IpAddress& address) const {
  const int bytes = bits_ / 8;
  if (!std::equal(address_.begin(), address_.begin() + bytes,
                  address.begin())) {
    return false;
  }
  const int rest = bits_ % 8;
  return rest == 0 || (address_[bytes] ^ address[bytes]) >> (8 - rest) == 0;
}

}  // namespace sluice::policy
