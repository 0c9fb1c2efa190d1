#ifndef TEST_BENCH_LOAD_BORINGSSL_H_
#define TEST_BENCH_LOAD_BORINGSSL_H_

// The generator's way to BoringSSL. test/testing/boringssl.h says why.
#include <openssl/bio.h>     // IWYU pragma: export
#include <openssl/err.h>     // IWYU pragma: export
#include <openssl/rand.h>    // IWYU pragma: export
#include <openssl/ssl.h>     // IWYU pragma: export
#include <openssl/x509v3.h>  // IWYU pragma: export

#include "test/testing/boringssl.h"  // IWYU pragma: export

#endif  // TEST_BENCH_LOAD_BORINGSSL_H_
