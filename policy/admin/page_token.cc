#include "policy/admin/page_token.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/ace/base64url.h"
#include "policy/ace/digest.h"
#include "policy/admin/errors.h"
#include "proxy/base/bytes.h"

namespace sluice::policy {
namespace {

constexpr size_t kTagBytes = 6;

std::string TagOf(absl::string_view listing) {
  return ace::Sha256(AsBytes(listing)).substr(0, kTagBytes);
}

}  // namespace

std::string MakePageToken(absl::string_view listing, absl::string_view after) {
  return ace::Base64UrlEncode(AsBytes(absl::StrCat(TagOf(listing), after)));
}

std::optional<std::string> ReadPageToken(absl::string_view listing,
                                         absl::string_view token) {
  if (token.empty()) return "";
  std::optional<std::string> text = ace::Base64UrlDecode(token);
  if (!text.has_value() || text->size() <= kTagBytes ||
      text->substr(0, kTagBytes) != TagOf(listing)) {
    return std::nullopt;
  }
  return text->substr(kTagBytes);
}

int32_t PageSize(int32_t requested) {
  return requested == 0 ? kDefaultPageSize : std::min(requested, kMaxPageSize);
}

grpc::Status ReadPage(absl::string_view listing, int32_t page_size,
                      absl::string_view page_token, PageBounds* bounds) {
  if (page_size < 0) return FieldError("page_size", "negative");
  std::optional<std::string> after = ReadPageToken(listing, page_token);
  if (!after.has_value()) {
    return FieldError("page_token", "not of this listing");
  }
  *bounds = {*std::move(after), static_cast<size_t>(PageSize(page_size))};
  return grpc::Status::OK;
}

}  // namespace sluice::policy
