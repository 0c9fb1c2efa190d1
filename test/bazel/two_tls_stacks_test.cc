// Debian's gRPC brings OpenSSL 3 into a process whose own code uses BoringSSL,
// and the two define some 2,000 names in common. See bazel/boringssl.bzl.

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "proto/sluice/policy/v1/policy.grpc.pb.h"
#include "test/bazel/exported_symbols.h"
#include "test/testing/boringssl.h"
#include "test/testing/test_certificates.h"

namespace sluice::testing {
namespace {

using ::testing::Contains;
using ::testing::IsEmpty;

// What libssl.so.3 or libcrypto.so.3 defines under `name`; null for nothing.
void* OpenSsl3Symbol(const std::string& name) {
  for (const char* library : {"libssl.so.3", "libcrypto.so.3"}) {
    void* handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
    if (handle == nullptr) continue;
    void* symbol = dlsym(handle, name.c_str());
    Dl_info info;
    const bool own = symbol != nullptr && dladdr(symbol, &info) != 0 &&
                     absl::StrContains(info.dli_fname, library);
    dlclose(handle);
    if (own) return symbol;
  }
  return nullptr;
}

// The exported names of the program `path` that one of the two TLS stacks
// defines: of OpenSSL by asking it, of BoringSSL alone by the prefix.
std::vector<std::string> ExportedTlsSymbols(const std::string& path) {
  const auto names = ExportedSymbols(path);
  EXPECT_TRUE(names.ok()) << names.status();
  std::vector<std::string> found;
  if (!names.ok()) return found;
  for (const std::string& name : *names) {
    bool is_tls = OpenSsl3Symbol(name) != nullptr;
    for (const char* prefix :
         {"SSL_", "ssl_", "CRYPTO_", "OPENSSL_", "EVP_", "BIO_", "X509_",
          "CBS_", "CBB_", "bn_", "ecp_", "aes_", "sha256_", "_ZN4bssl"}) {
      is_tls = is_tls || absl::StartsWith(name, prefix);
    }
    if (is_tls) found.push_back(name);
  }
  return found;
}

bssl::UniquePtr<SSL_CTX> ServerContext(const TestCertificate& certificate) {
  bssl::UniquePtr<SSL_CTX> context(SSL_CTX_new(TLS_method()));
  bssl::UniquePtr<BIO> bio(
      BIO_new_mem_buf(certificate.certificate_pem().data(),
                      static_cast<int>(certificate.certificate_pem().size())));
  bssl::UniquePtr<X509> x509(
      PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  bio.reset(
      BIO_new_mem_buf(certificate.private_key_pem().data(),
                      static_cast<int>(certificate.private_key_pem().size())));
  bssl::UniquePtr<EVP_PKEY> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  EXPECT_EQ(SSL_CTX_use_certificate(context.get(), x509.get()), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey(context.get(), key.get()), 1);
  return context;
}

// A TLS 1.3 handshake and a byte of data between a client and a server of
// BoringSSL, in memory. Returns the version; "" on failure.
std::string BoringSslHandshake(const TestCertificate& certificate) {
  const bssl::UniquePtr<SSL_CTX> server_context = ServerContext(certificate);
  const bssl::UniquePtr<SSL_CTX> client_context(SSL_CTX_new(TLS_method()));
  const bssl::UniquePtr<SSL> server(SSL_new(server_context.get()));
  const bssl::UniquePtr<SSL> client(SSL_new(client_context.get()));
  BIO* client_end = nullptr;
  BIO* server_end = nullptr;
  BIO_new_bio_pair(&client_end, 0, &server_end, 0);
  SSL_set_bio(client.get(), client_end, client_end);
  SSL_set_bio(server.get(), server_end, server_end);
  SSL_set_connect_state(client.get());
  SSL_set_accept_state(server.get());
  constexpr int kMostSteps = 20;
  for (int step = 0; step < kMostSteps; ++step) {
    const int client_result = SSL_do_handshake(client.get());
    const int server_result = SSL_do_handshake(server.get());
    if (client_result != 1 || server_result != 1) continue;
    char byte = 0;
    const bool exchanged = SSL_write(client.get(), "x", 1) == 1 &&
                           SSL_read(server.get(), &byte, 1) == 1 && byte == 'x';
    return exchanged ? SSL_get_version(client.get()) : "";
  }
  return "";
}

// Tells whether gRPC took the client's certificate.
class PeerService final : public policy::v1::PolicyService::Service {
 public:
  grpc::Status StoreToken(grpc::ServerContext* context,
                          const policy::v1::StoreTokenRequest*,
                          policy::v1::StoreTokenResponse* response) override {
    if (context->auth_context()->IsPeerAuthenticated()) {
      response->mutable_stored()->set_token_id("authenticated");
    }
    return grpc::Status::OK;
  }
};

class TwoTlsStacksTest : public ::testing::Test {
 protected:
  void SetUp() override {
    grpc::SslServerCredentialsOptions options(
        GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    options.pem_root_certs = authority_.certificate_pem();
    options.pem_key_cert_pairs.push_back(
        {server_.private_key_pem(), server_.certificate_pem()});
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::SslServerCredentials(options),
                             &port_);
    builder.RegisterService(&service_);
    grpc_server_ = builder.BuildAndStart();
    ASSERT_NE(grpc_server_, nullptr);
  }

  // What the service says to a client with this certificate; "" when no
  // connection came about.
  std::string CallWithMutualTls(const TestCertificate& client) {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = authority_.certificate_pem();
    options.pem_cert_chain = client.certificate_pem();
    options.pem_private_key = client.private_key_pem();
    const auto channel = grpc::CreateChannel(absl::StrCat("127.0.0.1:", port_),
                                             grpc::SslCredentials(options));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() +
                         std::chrono::seconds(20));
    policy::v1::StoreTokenResponse response;
    const grpc::Status status =
        policy::v1::PolicyService::NewStub(channel)->StoreToken(&context, {},
                                                                &response);
    return status.ok() ? response.stored().token_id() : "";
  }

  const TestCertificate authority_ = TestCertificate::Authority("ca");
  const TestCertificate server_ = authority_.Issue({});
  const TestCertificate client_ = authority_.Issue({});
  const TestCertificate foreign_ = TestCertificate::Authority("ca").Issue({});
  PeerService service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> grpc_server_;
};

TEST_F(TwoTlsStacksTest, BothWorkInTurn) {
  EXPECT_EQ(BoringSslHandshake(server_), "TLSv1.3");
  EXPECT_EQ(CallWithMutualTls(client_), "authenticated");
  EXPECT_EQ(CallWithMutualTls(foreign_), "");
  EXPECT_EQ(BoringSslHandshake(server_), "TLSv1.3");
  EXPECT_EQ(CallWithMutualTls(client_), "authenticated");
}

TEST_F(TwoTlsStacksTest, BothWorkAtTheSameTime) {
  std::thread boringssl([this] {
    for (int i = 0; i < 20; ++i) {
      EXPECT_EQ(BoringSslHandshake(server_), "TLSv1.3");
    }
  });
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(CallWithMutualTls(client_), "authenticated");
  }
  boringssl.join();
}

TEST_F(TwoTlsStacksTest, TheyAreTwo) {
  void* const openssl3 = OpenSsl3Symbol("SSL_new");
  ASSERT_NE(openssl3, nullptr) << "gRPC's OpenSSL 3 is not in this process";
  EXPECT_NE(openssl3, reinterpret_cast<void*>(&SSL_new));
  // What another object of the process would bind to.
  EXPECT_EQ(dlsym(RTLD_DEFAULT, "SSL_new"), openssl3);
}

// The test below can fail.
TEST(ExportedSymbolsTest, FindsWhatOpenSslExports) {
  Dl_info info;
  ASSERT_NE(dladdr(OpenSsl3Symbol("SSL_new"), &info), 0);
  EXPECT_THAT(ExportedTlsSymbols(info.dli_fname), Contains("SSL_new"));
  EXPECT_FALSE(ExportedSymbols("/dev/null").ok());
}

TEST(ExportedSymbolsTest, ProgramsExportNothingOfATlsStack) {
  for (const char* program : {"/proc/self/exe", "policy/sluice-policy"}) {
    EXPECT_THAT(ExportedTlsSymbols(program), IsEmpty()) << program;
  }
}

}  // namespace
}  // namespace sluice::testing
