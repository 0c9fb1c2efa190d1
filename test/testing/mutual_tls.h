#ifndef TEST_TESTING_MUTUAL_TLS_H_
#define TEST_TESTING_MUTUAL_TLS_H_

#include <memory>

#include "grpcpp/grpcpp.h"
#include "test/testing/test_certificates.h"

namespace sluice::testing {

// Of a server that `authority` vouches for, and that takes only clients for
// which it does so too.
inline std::shared_ptr<grpc::ServerCredentials> MutualTls(
    const TestCertificate& authority) {
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  const TestCertificate server = authority.Issue({});
  options.pem_root_certs = authority.certificate_pem();
  options.pem_key_cert_pairs = {
      {server.private_key_pem(), server.certificate_pem()}};
  return grpc::SslServerCredentials(options);
}

}  // namespace sluice::testing

#endif  // TEST_TESTING_MUTUAL_TLS_H_
