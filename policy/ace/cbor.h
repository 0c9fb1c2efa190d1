#ifndef POLICY_ACE_CBOR_H_
#define POLICY_ACE_CBOR_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// A parsed value. Strings alias the bytes that it was parsed from.
struct Cbor {
  enum class Type {
    kUnsigned,  // argument
    kNegative,  // -1 - argument
    kBytes,     // string
    kText,      // string, UTF-8
    kArray,     // items
    kMap,       // items: key, value, key, value, ...
    kTag,       // argument, and the one item that is tagged
    kBoolean,   // argument, 0 or 1
    kNull,
    kUndefined,
    kFloat,  // number
  };

  Type type = Type::kNull;
  uint64_t argument = 0;
  double number = 0;
  ByteView string;
  std::vector<Cbor> items;
};

inline constexpr size_t kMaxCborBytes = 1024 * 1024;
inline constexpr size_t kMaxCborDepth = 16;
inline constexpr size_t kMaxCborMapEntries = 64;

// Reads exactly one CBOR item (RFC 8949). InvalidArgument for malformed bytes,
// bytes after the item, an item of indefinite length, text that is not UTF-8,
// more than kMaxCborBytes, kMaxCborDepth or kMaxCborMapEntries, a map key that
// is neither an integer nor text, and a map with a key twice, in whatever
// length it is written. Integers need not be in their shortest form. The
// message holds nothing of the bytes but an offset.
//
// Does not recurse, and allocates no more for a length that is announced than
// for the bytes that are there.
absl::StatusOr<Cbor> ParseCbor(ByteView bytes);

// The value under the integer `key` of `map`; nullptr where there is none.
const Cbor* FindKey(const Cbor& map, int64_t key);

// Whether two map keys, integers or text, are the same.
bool SameKey(const Cbor& a, const Cbor& b);

// What `value` is; nullopt where it is null or something else.
std::optional<int64_t> AsInteger(const Cbor* value);
std::optional<ByteView> AsByteString(const Cbor* value);
std::optional<absl::string_view> AsTextString(const Cbor* value);

}  // namespace sluice::ace

#endif  // POLICY_ACE_CBOR_H_
