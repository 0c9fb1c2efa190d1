#ifndef PROXY_MQTT_VARINT_H_
#define PROXY_MQTT_VARINT_H_

#include <cstddef>
#include <cstdint>

#include "proxy/base/byte_reader.h"

namespace sluice::mqtt {

// Variable Byte Integers, MQTT 5.0 section 1.5.5: 1 to 4 bytes.
inline constexpr uint32_t kMaxVarint = 268435455;
inline constexpr size_t kMaxVarintSize = 4;

enum class VarintResult : uint8_t {
  kOk,
  kIncomplete,  // the bytes end inside it
  kMalformed,   // more than four bytes, or not the shortest form
};

// Reads one off `reader`, which moves only on kOk. A malformed one is told as
// soon as its bytes show it.
inline VarintResult ReadVarint(ByteReader* reader, uint32_t* out) {
  ByteReader ahead = *reader;
  uint32_t value = 0;
  for (size_t i = 0; i < kMaxVarintSize; ++i) {
    uint8_t byte;
    if (!ahead.ReadU8(&byte)) return VarintResult::kIncomplete;
    value |= static_cast<uint32_t>(byte & 0x7f) << (7 * i);
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && i > 0) return VarintResult::kMalformed;
    *out = value;
    *reader = ahead;
    return VarintResult::kOk;
  }
  return VarintResult::kMalformed;
}

// How many bytes `value`, at most kMaxVarint, takes.
inline constexpr size_t VarintSize(uint32_t value) {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : 4;
}

}  // namespace sluice::mqtt

#endif  // PROXY_MQTT_VARINT_H_
