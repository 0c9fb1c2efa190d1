#include "proxy/mqtt/utf8.h"

#include <cstdint>
#include <cstring>

namespace sluice::mqtt {
namespace {

constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kHighBits = 0x80 * kOnes;

// `+` and `#` differ in this bit only.
constexpr uint8_t kWildcardBit = '+' ^ '#';
static_assert(('#' | kWildcardBit) == '+' && kWildcardBit == 0x08);

uint64_t Load8(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

// Whether all eight bytes are 0x01 to 0x7F. Exact: without a zero byte and
// without a high bit the subtraction borrows nowhere.
bool IsPlainAscii(uint64_t word) {
  return (((word - kOnes) | word) & kHighBits) == 0;
}

// Not zero when one of eight plain ASCII bytes is `+` or `#`. Exact for the
// first of them at least, which is enough for "whether".
uint64_t WildcardBits(uint64_t word) {
  const uint64_t zero_if_wildcard = (word | kWildcardBit * kOnes) ^ '+' * kOnes;
  return (zero_if_wildcard - kOnes) & kHighBits;
}

bool IsContinuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

// Length of the character of two to four bytes at the start of `text` (not
// empty); 0: ill-formed. The second byte's range rules out overlong forms,
// surrogates and what lies beyond U+10FFFF (Unicode, table 3-7).
size_t MultiByteLength(absl::string_view text) {
  const auto byte = [text](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (text.size() < length) return 0;
  const uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < low || byte(1) > high) return 0;
  for (size_t i = 2; i < length; ++i) {
    if (!IsContinuation(byte(i))) return 0;
  }
  return length;
}

}  // namespace

Utf8Scan ScanUtf8(absl::string_view text) {
  if (text.size() > kMaxStringSize) return {};
  uint64_t wildcard = 0;
  while (!text.empty()) {
    if (text.size() >= sizeof(uint64_t)) {
      const uint64_t word = Load8(text.data());
      if (IsPlainAscii(word)) {
        wildcard |= WildcardBits(word);
        text.remove_prefix(sizeof(word));
        continue;
      }
    }
    const uint8_t byte = static_cast<uint8_t>(text.front());
    size_t length = 1;
    if (byte >= 0x80) {
      length = MultiByteLength(text);
      if (length == 0) return {};
    } else if (byte == 0) {
      return {};
    } else {
      wildcard |= (byte | kWildcardBit) == '+';
    }
    text.remove_prefix(length);
  }
  return {true, wildcard != 0};
}

}  // namespace sluice::mqtt
