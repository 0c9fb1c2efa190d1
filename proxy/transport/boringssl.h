#ifndef PROXY_TRANSPORT_BORINGSSL_H_
#define PROXY_TRANSPORT_BORINGSSL_H_

// The proxy's one way to BoringSSL's headers: OpenSSL 3 has headers of the same
// names, which a target without the right dependency would take unnoticed.
#include <openssl/base.h>  // IWYU pragma: export

#ifndef OPENSSL_IS_BORINGSSL
#error "The target lacks its dependency on @boringssl."
#endif

#include <openssl/bio.h>     // IWYU pragma: export
#include <openssl/err.h>     // IWYU pragma: export
#include <openssl/hmac.h>    // IWYU pragma: export
#include <openssl/mem.h>     // IWYU pragma: export
#include <openssl/pem.h>     // IWYU pragma: export
#include <openssl/rand.h>    // IWYU pragma: export
#include <openssl/ssl.h>     // IWYU pragma: export
#include <openssl/x509.h>    // IWYU pragma: export
#include <openssl/x509v3.h>  // IWYU pragma: export

#endif  // PROXY_TRANSPORT_BORINGSSL_H_
