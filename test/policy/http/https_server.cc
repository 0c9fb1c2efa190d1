#include "test/policy/http/https_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/pem.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"

namespace sluice::http {
namespace {

void Check(bool good) {
  if (!good) std::abort();
}

template <typename T, typename Read>
bssl::UniquePtr<T> ReadPem(const std::string& pem, Read read) {
  const bssl::UniquePtr<BIO> bio(
      BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  bssl::UniquePtr<T> value(read(bio.get(), nullptr, nullptr, nullptr));
  Check(value != nullptr);
  return value;
}

// How many bytes the whole request has, as far as its head tells; 0: not yet.
size_t RequestSize(const std::string& data) {
  const size_t head = data.find("\r\n\r\n");
  if (head == std::string::npos) return 0;
  constexpr char kLength[] = "Content-Length: ";
  const size_t length = data.find(kLength);
  const size_t body =
      length < head
          ? std::strtoul(&data[length + sizeof(kLength) - 1], nullptr, 10)
          : 0;
  return head + 4 + body;
}

}  // namespace

HttpsServer::HttpsServer(const testing::TestCertificate& certificate,
                         Handler handler, const std::string& client_ca)
    : handler_(std::move(handler)), context_(SSL_CTX_new(TLS_method())) {
  std::signal(SIGPIPE, SIG_IGN);  // clients may go before they are answered
  const auto x509 =
      ReadPem<X509>(certificate.certificate_pem(), PEM_read_bio_X509);
  const auto key =
      ReadPem<EVP_PKEY>(certificate.private_key_pem(), PEM_read_bio_PrivateKey);
  Check(SSL_CTX_use_certificate(context_.get(), x509.get()) == 1);
  Check(SSL_CTX_use_PrivateKey(context_.get(), key.get()) == 1);
  if (!client_ca.empty()) {
    const auto authority = ReadPem<X509>(client_ca, PEM_read_bio_X509);
    Check(X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()),
                              authority.get()) == 1);
    SSL_CTX_set_verify(context_.get(),
                       SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                       nullptr);
  }
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  Check(bind(listener_, generic, size) == 0);
  Check(listen(listener_, SOMAXCONN) == 0);
  Check(getsockname(listener_, generic, &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { Accept(); });
}

HttpsServer::~HttpsServer() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  for (std::thread& connection : connections_) connection.join();
}

std::string HttpsServer::Url(const std::string& path,
                             const std::string& host) const {
  return absl::StrCat("https://", host, ":", port_, path);
}

std::string HttpsServer::Ok(const std::string& body) {
  return absl::StrCat("HTTP/1.1 200 OK\r\nContent-Length: ", body.size(),
                      "\r\nConnection: close\r\n\r\n", body);
}

void HttpsServer::Accept() {
  for (;;) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ || fd < 0) {
      if (fd >= 0) close(fd);
      return;
    }
    connections_.emplace_back([this, fd] { Serve(fd); });
  }
}

void HttpsServer::Serve(int fd) {
  const bssl::UniquePtr<SSL> ssl(SSL_new(context_.get()));
  SSL_set_fd(ssl.get(), fd);
  std::string request;
  if (SSL_accept(ssl.get()) == 1) {
    char buffer[4096];
    int got;
    while (
        (RequestSize(request) == 0 || request.size() < RequestSize(request)) &&
        (got = SSL_read(ssl.get(), buffer, sizeof(buffer))) > 0) {
      request.append(buffer, static_cast<size_t>(got));
    }
    const std::string response = handler_(request);
    if (!response.empty()) {
      SSL_write(ssl.get(), response.data(), static_cast<int>(response.size()));
    }
    SSL_shutdown(ssl.get());
  }
  close(fd);
}

}  // namespace sluice::http
