#include "proxy/transport/client_nonces.h"

#include <array>
#include <cstdint>

#include "proxy/transport/boringssl.h"

namespace sluice::transport {
namespace {

constexpr size_t kTimeSize = 8;
constexpr size_t kMacSize = 16;
constexpr size_t kContentSize = ClientNonces::kSize - kMacSize;

}  // namespace

std::string ClientNonces::Mac(absl::string_view content) const {
  std::array<uint8_t, EVP_MAX_MD_SIZE> mac;
  unsigned size = 0;
  // Fails for want of memory only; nothing matches what is then empty.
  if (HMAC(EVP_sha256(), key_.c_str(), key_.size(), AsBytes(content).data(),
           content.size(), mac.data(), &size) == nullptr) {
    return "";
  }
  return std::string(AsString(ByteView(mac).first(kMacSize)));
}

std::string ClientNonces::Make(absl::Time now) const {
  std::array<uint8_t, kContentSize> content;
  uint64_t time = static_cast<uint64_t>(absl::ToUnixMicros(now));
  for (size_t i = kTimeSize; i-- > 0; time >>= 8) {
    content[i] = static_cast<uint8_t>(time);
  }
  // Cannot fail: BoringSSL aborts where the system has no randomness to give.
  RAND_bytes(content.data() + kTimeSize, kContentSize - kTimeSize);
  std::string nonce(AsString(ByteView(content)));
  nonce += Mac(nonce);
  return nonce;
}

bool ClientNonces::IsFresh(ByteView nonce, absl::Time now) const {
  if (nonce.size() != kSize) return false;
  const std::string mac = Mac(AsString(nonce.first(kContentSize)));
  if (mac.size() != kMacSize ||
      CRYPTO_memcmp(mac.data(), nonce.data() + kContentSize, kMacSize) != 0) {
    return false;
  }
  uint64_t time = 0;
  for (const uint8_t byte : nonce.first(kTimeSize)) time = time << 8 | byte;
  const absl::Duration age =
      now - absl::FromUnixMicros(static_cast<int64_t>(time));
  return age >= -kMaxSkew && age <= kMaxAge;
}

}  // namespace sluice::transport
