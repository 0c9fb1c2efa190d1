#ifndef PROXY_BASE_BYTE_READER_H_
#define PROXY_BASE_BYTE_READER_H_

#include <cstddef>
#include <cstdint>

#include "proxy/base/bytes.h"

namespace sluice {

// A cursor over bytes that somebody else owns. It only shrinks, and it cannot
// overrun: a read that finds too few bytes returns false and leaves cursor and
// output as they were. Numbers are in network order. Results alias the input.
class ByteReader {
 public:
  explicit ByteReader(ByteView bytes)
      : next_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  size_t size() const { return static_cast<size_t>(end_ - next_); }
  bool empty() const { return next_ == end_; }
  // What has not been read yet.
  ByteView rest() const { return ByteView(next_, size()); }
  // Where the next read starts.
  const uint8_t* position() const { return next_; }

  bool ReadU8(uint8_t* out) {
    if (empty()) return false;
    *out = *next_++;
    return true;
  }

  bool ReadU16(uint16_t* out) {
    if (size() < 2) return false;
    *out = static_cast<uint16_t>(next_[0] << 8 | next_[1]);
    next_ += 2;
    return true;
  }

  bool ReadU32(uint32_t* out) {
    if (size() < 4) return false;
    *out = static_cast<uint32_t>(next_[0]) << 24 |
           static_cast<uint32_t>(next_[1]) << 16 |
           static_cast<uint32_t>(next_[2]) << 8 | next_[3];
    next_ += 4;
    return true;
  }

  bool ReadBytes(size_t count, ByteView* out) {
    if (size() < count) return false;
    *out = ByteView(next_, count);
    next_ += count;
    return true;
  }

  // Two bytes of length, then as many bytes, which go to `out`.
  bool ReadU16Prefixed(ByteView* out) {
    ByteReader ahead = *this;
    uint16_t length;
    if (!ahead.ReadU16(&length) || !ahead.ReadBytes(length, out)) return false;
    *this = ahead;
    return true;
  }

 private:
  const uint8_t* next_;
  const uint8_t* end_;
};

}  // namespace sluice

#endif  // PROXY_BASE_BYTE_READER_H_
