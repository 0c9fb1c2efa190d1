#include "policy/ace/cbor_writer.h"

#include <cbor.h>

#include "absl/strings/str_cat.h"

namespace sluice::ace {
namespace {

// The longest head of an item: a byte and an argument of 8.
constexpr size_t kMaxHead = 9;

// Appends what `encode(value, buffer, size)`, a function of libcbor, writes.
template <typename Encode, typename Value>
void AppendHead(std::string& out, Encode encode, Value value) {
  unsigned char head[kMaxHead];
  const size_t size = encode(value, head, sizeof(head));
  out.append(reinterpret_cast<const char*>(head), size);
}

}  // namespace

CborWriter& CborWriter::Integer(int64_t value) {
  if (value >= 0) {
    AppendHead(bytes_, cbor_encode_uint, static_cast<uint64_t>(value));
  } else {
    AppendHead(bytes_, cbor_encode_negint, static_cast<uint64_t>(-1 - value));
  }
  return *this;
}

CborWriter& CborWriter::Bytes(ByteView bytes) {
  AppendHead(bytes_, cbor_encode_bytestring_start, bytes.size());
  return Encoded(AsString(bytes));
}

CborWriter& CborWriter::Text(absl::string_view text) {
  AppendHead(bytes_, cbor_encode_string_start, text.size());
  return Encoded(text);
}

CborWriter& CborWriter::Boolean(bool value) {
  AppendHead(bytes_, cbor_encode_bool, value);
  return *this;
}

CborWriter& CborWriter::Null() {
  unsigned char head[kMaxHead];
  const size_t size = cbor_encode_null(head, sizeof(head));
  bytes_.append(reinterpret_cast<const char*>(head), size);
  return *this;
}

CborWriter& CborWriter::Array(size_t items) {
  AppendHead(bytes_, cbor_encode_array_start, items);
  return *this;
}

CborWriter& CborWriter::Map(size_t entries) {
  AppendHead(bytes_, cbor_encode_map_start, entries);
  return *this;
}

CborWriter& CborWriter::Tag(uint64_t tag) {
  AppendHead(bytes_, cbor_encode_tag, tag);
  return *this;
}

CborWriter& CborWriter::Float(double value) {
  AppendHead(bytes_, cbor_encode_double, value);
  return *this;
}

CborWriter& CborWriter::Encoded(absl::string_view item) {
  absl::StrAppend(&bytes_, item);
  return *this;
}

}  // namespace sluice::ace
