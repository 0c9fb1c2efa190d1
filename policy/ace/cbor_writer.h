#ifndef POLICY_ACE_CBOR_WRITER_H_
#define POLICY_ACE_CBOR_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"

namespace sluice::ace {

// Writes CBOR (RFC 8949), every length and integer in its shortest form. The
// caller adds as many items as an array or map announces.
class CborWriter {
 public:
  CborWriter& Integer(int64_t value);
  CborWriter& Bytes(ByteView bytes);
  // `text` is UTF-8.
  CborWriter& Text(absl::string_view text);
  CborWriter& Boolean(bool value);
  CborWriter& Null();
  CborWriter& Array(size_t items);
  CborWriter& Map(size_t entries);
  CborWriter& Tag(uint64_t tag);
  CborWriter& Float(double value);
  // What is CBOR already.
  CborWriter& Encoded(absl::string_view item);

  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_CBOR_WRITER_H_
