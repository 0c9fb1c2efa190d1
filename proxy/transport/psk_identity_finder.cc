#include "proxy/transport/psk_identity_finder.h"

namespace sluice::transport {
namespace {

// RFC 5246: ContentType, HandshakeType, and the sizes of what begins a record
// and a handshake message.
constexpr uint8_t kHandshakeRecord = 22;
constexpr uint8_t kClientKeyExchange = 16;
constexpr size_t kRecordHeader = 5;
constexpr size_t kMessageHeader = 4;
constexpr size_t kIdentityLength = 2;

}  // namespace

PskIdentityFinder::Progress PskIdentityFinder::Add(ByteView bytes) {
  records_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const uint8_t byte : bytes) {
    if (progress_ != Progress::kNeedsInput) break;
    progress_ = header_count_ < kRecordHeader ? TakeHeaderByte(byte)
                                              : TakeMessageByte(byte);
  }
  return progress_;
}

PskIdentityFinder::Progress PskIdentityFinder::TakeHeaderByte(uint8_t byte) {
  const size_t at = header_count_++;
  if (at == 0 && byte != kHandshakeRecord) return Progress::kNone;
  if (at < 3) return Progress::kNeedsInput;  // the version is not for us
  fragment_left_ = static_cast<uint16_t>(fragment_left_ << 8 | byte);
  // Without a bound on empty records, there would be none on what is kept.
  if (header_count_ == kRecordHeader && fragment_left_ == 0) {
    return Progress::kNone;
  }
  return Progress::kNeedsInput;
}

PskIdentityFinder::Progress PskIdentityFinder::TakeMessageByte(uint8_t byte) {
  if (--fragment_left_ == 0) header_count_ = 0;
  const size_t at = message_count_++;
  if (at == 0) {
    return byte == kClientKeyExchange ? Progress::kNeedsInput : Progress::kNone;
  }
  if (at < kMessageHeader) {
    message_length_ = message_length_ << 8 | byte;
    return Progress::kNeedsInput;
  }
  if (at < kMessageHeader + kIdentityLength) {
    identity_length_ = static_cast<uint16_t>(identity_length_ << 8 | byte);
    if (message_count_ < kMessageHeader + kIdentityLength) {
      return Progress::kNeedsInput;
    }
    const bool possible = identity_length_ > 0 &&
                          identity_length_ <= kMaxIdentity &&
                          kIdentityLength + identity_length_ <= message_length_;
    return possible ? Progress::kNeedsInput : Progress::kNone;
  }
  identity_ += static_cast<char>(byte);
  return identity_.size() < identity_length_ ? Progress::kNeedsInput
                                             : Progress::kFound;
}

}  // namespace sluice::transport
