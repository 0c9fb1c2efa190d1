#ifndef PROXY_TRANSPORT_PSK_IDENTITY_FINDER_H_
#define PROXY_TRANSPORT_PSK_IDENTITY_FINDER_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "proxy/base/bytes.h"

namespace sluice::transport {

// Finds the name of a pre-shared key in what a TLS 1.2 client sends after the
// server's ServerHelloDone, where an ECDHE_PSK cipher suite was negotiated: the
// first message is then a ClientKeyExchange, in clear, and begins with the
// identity (RFC 5489 section 2). Keeps all that it was given.
//
// Decides nothing: the identity says which key to fetch, before the TLS library
// reads the same records and finds out for itself what is wrong with them.
class PskIdentityFinder {
 public:
  // The longest that BoringSSL takes.
  static constexpr size_t kMaxIdentity = 128;

  enum class Progress : uint8_t {
    kNeedsInput,
    kFound,
    kNone,  // something else; there will be none
  };

  // The next bytes that came, however they are cut. Once the progress is final
  // it stays, and nothing more need be given. Before that, no more than about a
  // kilobyte is kept, and what the last call brings.
  Progress Add(ByteView bytes);

  // After kFound; not empty.
  const std::string& identity() const { return identity_; }
  // All bytes that were added.
  ByteView records() const { return AsBytes(records_); }

 private:
  Progress TakeHeaderByte(uint8_t byte);
  Progress TakeMessageByte(uint8_t byte);

  Progress progress_ = Progress::kNeedsInput;
  std::string records_;
  // Of the current record's header, then of its fragment.
  size_t header_count_ = 0;
  uint16_t fragment_left_ = 0;
  // Of the handshake message, over all records.
  size_t message_count_ = 0;
  uint32_t message_length_ = 0;
  uint16_t identity_length_ = 0;
  std::string identity_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_PSK_IDENTITY_FINDER_H_
