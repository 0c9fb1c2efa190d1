#include "policy/http/https_url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sluice::http {

absl::Status CheckHttpsUrl(absl::string_view url) {
  constexpr absl::string_view kScheme = "https://";
  if (url.size() <= kScheme.size() ||
      !absl::StartsWithIgnoreCase(url, kScheme)) {
    return absl::InvalidArgumentError(
        "expected a URL that begins with https://");
  }
  if (absl::StrContains(url, "@")) {
    return absl::InvalidArgumentError(
        "holds a '@'; a user name or password is not taken in a URL");
  }
  const bool is_printable = std::all_of(url.begin(), url.end(), [](char c) {
    return absl::ascii_isgraph(static_cast<unsigned char>(c));
  });
  if (is_printable) return absl::OkStatus();
  return absl::InvalidArgumentError(
      "holds a blank, or another character that no URL has");
}

}  // namespace sluice::http
