#include "policy/ctl/token_id.h"

#include <cstdint>

#include "policy/ace/openssl_guard.h"

namespace sluice::ctl {

std::string RandomTokenId() {
  std::string bytes(16, '\0');
  RAND_bytes(reinterpret_cast<uint8_t*>(bytes.data()), bytes.size());
  return bytes;
}

}  // namespace sluice::ctl
