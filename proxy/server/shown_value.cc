#include "proxy/server/shown_value.h"

#include <cstddef>

#include "absl/strings/str_cat.h"

namespace sluice::server {
namespace {

constexpr size_t kShownBytes = 256;
constexpr char kCut[] = "\xE2\x80\xA6";  // U+2026

}  // namespace

std::string ShownValue(absl::string_view value) {
  if (IsShownWhole(value)) return std::string(value);
  size_t end = kShownBytes;
  // Not in the middle of a character.
  while (end > 0 && (value[end] & 0xC0) == 0x80) --end;
  return absl::StrCat(value.substr(0, end), kCut);
}

bool IsShownWhole(absl::string_view value) {
  return value.size() <= kShownBytes;
}

}  // namespace sluice::server
