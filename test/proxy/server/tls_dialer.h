#ifndef TEST_PROXY_SERVER_TLS_DIALER_H_
#define TEST_PROXY_SERVER_TLS_DIALER_H_

#include <string>

#include "proxy/base/address.h"

namespace sluice::server {

// The common name of the certificate that a TLS server at `address` shows; the
// connection is closed again.
std::string ServerCommonName(const Address& address);

}  // namespace sluice::server

#endif  // TEST_PROXY_SERVER_TLS_DIALER_H_
