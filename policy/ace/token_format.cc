#include "policy/ace/token_format.h"

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "policy/ace/cbor.h"
#include "policy/ace/cose.h"
#include "policy/ace/jose_header.h"

namespace sluice::ace {
namespace {

constexpr size_t kJwsParts = 3;
constexpr size_t kJweParts = 5;

// The first bytes of CBOR items.
constexpr uint8_t kTag = 0xc0;  // with the tag, where it is less than 24
constexpr uint8_t kTagInNextByte = 0xd8;
constexpr uint8_t kArrayOfThree = 0x83;
constexpr uint8_t kArrayOfFour = 0x84;

constexpr uint8_t FirstByteOf(CoseType type) {
  return kTag + static_cast<uint8_t>(type);
}

bool BeginsLikeCose(ByteView token) {
  const uint8_t first = token[0];
  return (first >= FirstByteOf(CoseType::kEncrypt0) &&
          first <= FirstByteOf(CoseType::kSign1)) ||
         first == kArrayOfThree || first == kArrayOfFour ||
         (first == kTagInNextByte && token.size() > 1 && token[1] == kCwtTag);
}

}  // namespace

TokenFormat ClassifyToken(ByteView token) {
  if (token.empty()) return TokenFormat::kEmpty;
  if (BeginsLikeCose(token)) return TokenFormat::kCose;
  const std::vector<absl::string_view> parts =
      absl::StrSplit(AsString(token), absl::MaxSplits('.', kJweParts));
  if ((parts.size() != kJwsParts && parts.size() != kJweParts) ||
      !ParseJoseHeader(parts[0]).ok()) {
    return TokenFormat::kReference;
  }
  return parts.size() == kJwsParts ? TokenFormat::kJws : TokenFormat::kJwe;
}

bool IsWellFormedCose(ByteView token) {
  return ClassifyToken(token) == TokenFormat::kCose && ParseCbor(token).ok();
}

}  // namespace sluice::ace
