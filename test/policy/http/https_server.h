#ifndef TEST_POLICY_HTTP_HTTPS_SERVER_H_
#define TEST_POLICY_HTTP_HTTPS_SERVER_H_

#include <openssl/ssl.h>

#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "test/testing/boringssl.h"
#include "test/testing/test_certificates.h"

namespace sluice::http {

// A small HTTPS server for tests, on a free port of 127.0.0.1. Each connection
// has a thread and carries one exchange.
class HttpsServer {
 public:
  // Gets a whole request, head and body, and returns a whole response; empty:
  // the connection is closed without one. Called from the threads.
  using Handler = std::function<std::string(const std::string& request)>;

  // `client_ca`: PEM of the authority that clients' certificates must be of;
  // empty: clients show none.
  HttpsServer(const testing::TestCertificate& certificate, Handler handler,
              const std::string& client_ca = "");
  // Handlers must return.
  ~HttpsServer();

  int port() const { return port_; }
  // "https://HOST:PORT" and `path`.
  std::string Url(const std::string& path,
                  const std::string& host = "127.0.0.1") const;

  // A response with status 200.
  static std::string Ok(const std::string& body);

 private:
  void Accept();
  void Serve(int fd);

  const Handler handler_;
  bssl::UniquePtr<SSL_CTX> context_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  bool stopping_ = false;
  std::list<std::thread> connections_;
  std::thread acceptor_;
};

}  // namespace sluice::http

#endif  // TEST_POLICY_HTTP_HTTPS_SERVER_H_
