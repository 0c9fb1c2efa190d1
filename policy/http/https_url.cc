#include "policy/http/https_url.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace sluice::http {

bool IsHttpsUrl(absl::string_view url) {
  constexpr absl::string_view kScheme = "https://";
  return url.size() > kScheme.size() &&
         absl::StartsWithIgnoreCase(url, kScheme) &&
         !absl::StrContains(url, "@") &&
         std::all_of(url.begin(), url.end(), [](char c) {
           return absl::ascii_isgraph(static_cast<unsigned char>(c));
         });
}

}  // namespace sluice::http
