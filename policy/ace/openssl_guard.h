#ifndef POLICY_ACE_OPENSSL_GUARD_H_
#define POLICY_ACE_OPENSSL_GUARD_H_

// All of BoringSSL that this package uses comes in here and nowhere else. A
// target that forgets to depend on BoringSSL would find OpenSSL 3 under
// /usr/include and compile against headers that do not fit what is linked.

#include <openssl/aead.h>
#include <openssl/aes.h>
#include <openssl/base.h>
#include <openssl/bn.h>
#include <openssl/bytestring.h>
#include <openssl/cipher.h>
#include <openssl/curve25519.h>
#include <openssl/digest.h>
#include <openssl/ec.h>
#include <openssl/ec_key.h>
#include <openssl/ecdh.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/hmac.h>
#include <openssl/mem.h>
#include <openssl/nid.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#ifndef OPENSSL_IS_BORINGSSL
#error "these are not BoringSSL's headers: depend on @boringssl//:crypto"
#endif

#endif  // POLICY_ACE_OPENSSL_GUARD_H_
