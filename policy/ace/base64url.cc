#include "policy/ace/base64url.h"

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::ace {
namespace {

constexpr char kAlphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr uint8_t kInvalid = 0xff;

constexpr std::array<uint8_t, 256> MakeValues() {
  std::array<uint8_t, 256> values{};
  for (uint8_t& value : values) value = kInvalid;
  for (uint8_t i = 0; i < 64; ++i) {
    values[static_cast<uint8_t>(kAlphabet[i])] = i;
  }
  return values;
}

constexpr std::array<uint8_t, 256> kValues = MakeValues();

size_t DecodedSize(absl::string_view text) { return text.size() * 6 / 8; }

// Writes DecodedSize(text) bytes to `out`.
bool Decode(absl::string_view text, uint8_t* out) {
  if (text.size() % 4 == 1) return false;
  uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const uint8_t value = kValues[static_cast<uint8_t>(c)];
    if (value == kInvalid) return false;
    bits = (bits << 6) | value;
    held += 6;
    if (held >= 8) {
      held -= 8;
      *out++ = static_cast<uint8_t>(bits >> held);
    }
  }
  return (bits & ((1u << held) - 1)) == 0;
}

}  // namespace

std::string Base64UrlEncode(ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() * 8 + 5) / 6);
  uint32_t bits = 0;
  int held = 0;
  for (const uint8_t byte : bytes) {
    bits = (bits << 8) | byte;
    held += 8;
    while (held >= 6) {
      held -= 6;
      text.push_back(kAlphabet[(bits >> held) & 63]);
    }
  }
  if (held > 0) text.push_back(kAlphabet[(bits << (6 - held)) & 63]);
  return text;
}

std::optional<std::string> Base64UrlDecode(absl::string_view text) {
  std::string bytes(DecodedSize(text), '\0');
  if (!Decode(text, reinterpret_cast<uint8_t*>(bytes.data()))) {
    return std::nullopt;
  }
  return bytes;
}

std::optional<SecretBytes> Base64UrlDecodeSecret(absl::string_view text) {
  SecretBytes bytes(DecodedSize(text));
  if (!Decode(text, bytes.data())) return std::nullopt;
  return bytes;
}

}  // namespace sluice::ace
