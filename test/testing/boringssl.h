#ifndef TEST_TESTING_BORINGSSL_H_
#define TEST_TESTING_BORINGSSL_H_

// For tests that speak TLS or make certificates: BoringSSL, and not the
// OpenSSL 3 whose headers may be installed on the machine.
#include <openssl/base.h>

#ifndef OPENSSL_IS_BORINGSSL
#error "The target lacks its dependency on @boringssl."
#endif

#endif  // TEST_TESTING_BORINGSSL_H_
