#ifndef POLICY_ACE_DIGEST_H_
#define POLICY_ACE_DIGEST_H_

#include <string>

#include "proxy/base/bytes.h"

namespace sluice::ace {

// The 32 bytes of the SHA-256 hash (FIPS 180-4) of `bytes`.
std::string Sha256(ByteView bytes);

}  // namespace sluice::ace

#endif  // POLICY_ACE_DIGEST_H_
