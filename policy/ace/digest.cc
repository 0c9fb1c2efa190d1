#include "policy/ace/digest.h"

#include <array>

#include "policy/ace/openssl_guard.h"

namespace sluice::ace {

std::string Sha256(ByteView bytes) {
  std::array<uint8_t, SHA256_DIGEST_LENGTH> hash;
  SHA256(bytes.data(), bytes.size(), hash.data());
  return std::string(AsString(hash));
}

}  // namespace sluice::ace
