// Handshakes with pre-shared keys, over memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "proxy/transport/tls_connection.h"
#include "test/proxy/transport/tls_peer.h"
#include "test/testing/test_certificates.h"

namespace sluice::transport {
namespace {

using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;
using ::testing::HasSubstr;
using Progress = TlsConnection::Progress;

constexpr char kIdentity[] = R"({"cnf":{"jwk":{"kty":"oct","kid":"k1"}}})";
constexpr char kSuite[] = "TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256";

class TlsPskTest : public ::testing::Test {
 protected:
  TlsPskTest() { MakeContext(/*take_pre_shared_keys=*/true); }

  void MakeContext(bool take_pre_shared_keys) {
    const auto certificate = TestCertificate::SelfSigned(CertificateOptions());
    TlsOptions options;
    options.certificates.push_back(
        {directory_.Write("crt", certificate.certificate_pem()),
         directory_.Write("key", certificate.private_key_pem())});
    options.take_pre_shared_keys = take_pre_shared_keys;
    auto context = TlsContext::Create(options);
    ASSERT_TRUE(context.ok()) << context.status();
    context_ = *std::move(context);
  }

  // A client that has `key` for kIdentity.
  TlsPeer::Options WithKey(const std::string& key) {
    TlsPeer::Options options = TlsPeer::ForVersion(TLS1_2_VERSION);
    options.psk_identity = kIdentity;
    options.psk = key;
    return options;
  }
  PreSharedKey TheKey() { return PreSharedKey(AsBytes(key_), "key-id"); }

  // Gives the server `records`, in pieces of `step` bytes.
  Progress Serve(absl::string_view records, TlsPeer* peer) {
    Progress progress = Progress::kNeedsInput;
    for (; !records.empty() && progress == Progress::kNeedsInput;
         records.remove_prefix(std::min(step_, records.size()))) {
      io_.set_input(AsBytes(records.substr(0, step_)));
      progress = server_->Handshake();
      io_.set_input({});
    }
    Deliver(peer);
    return progress;
  }
  void Deliver(TlsPeer* peer) {
    const std::string output = io_.output();
    io_.ClearOutput();
    if (!output.empty()) peer->Feed(output);
  }
  // Up to where the server wants something that is not input.
  Progress Begin(TlsPeer* peer) {
    server_ = std::make_unique<TlsConnection>(context_, &io_);
    Progress progress = Progress::kNeedsInput;
    while (progress == Progress::kNeedsInput) {
      const std::string records = peer->TakeOutput();
      if (records.empty()) break;
      progress = Serve(records, peer);
    }
    return progress;
  }
  // What follows, with the key; a server that is done reads to the end of what
  // was held back.
  Progress Go(PreSharedKey key, TlsPeer* peer) {
    EXPECT_TRUE(server_->waits_for_key());
    server_->SetPreSharedKey(std::move(key));
    EXPECT_FALSE(server_->waits_for_key());
    Progress progress = server_->Handshake();
    if (progress == Progress::kDone) {
      uint8_t buffer[100];
      size_t count;
      EXPECT_EQ(server_->Read(absl::MakeSpan(buffer), &count),
                Progress::kNeedsInput);
    } else if (progress == Progress::kNeedsInput) {
      io_.set_input({});
      progress = Serve(rest_, peer);
    }
    Deliver(peer);
    return progress;
  }

  TempDir directory_;
  std::shared_ptr<const TlsContext> context_;
  TlsIo io_;
  std::unique_ptr<TlsConnection> server_;
  size_t step_ = 100'000;
  std::string rest_;
  const std::string key_ = std::string(32, 'k');
};

// covers: ACE-AUTH-3
TEST_F(TlsPskTest, TheKeyThatWasFetchedEndsTheHandshake) {
  TlsPeer peer(WithKey(key_));
  ASSERT_EQ(Begin(&peer), Progress::kNeedsKey);
  EXPECT_EQ(server_->psk_identity(), kIdentity);
  EXPECT_EQ(server_->PreSharedKeyId(), "");
  ASSERT_EQ(Go(TheKey(), &peer), Progress::kDone) << server_->error();
  EXPECT_EQ(server_->PreSharedKeyId(), "key-id");
  EXPECT_EQ(server_->PeerCertificate(), "");
  EXPECT_TRUE(peer.is_ready());
  EXPECT_EQ(peer.CipherName(), kSuite);
  // And carries bytes.
  ASSERT_TRUE(server_->Write(AsBytes("hello")));
  Deliver(&peer);
  EXPECT_EQ(peer.received(), "hello");
  EXPECT_FALSE(server_->ExportKeyingMaterial("label").empty());
}

// covers: ACE-AUTH-3
TEST_F(TlsPskTest, RecordsMayComeAByteAtATime) {
  TlsPeer peer(WithKey(key_));
  server_ = std::make_unique<TlsConnection>(context_, &io_);
  step_ = 1;
  ASSERT_EQ(Serve(peer.TakeOutput(), &peer), Progress::kNeedsInput);
  std::string records = peer.TakeOutput();
  size_t given = 0;
  Progress progress = Progress::kNeedsInput;
  while (progress == Progress::kNeedsInput) {
    progress = Serve(records.substr(given++, 1), &peer);
  }
  ASSERT_EQ(progress, Progress::kNeedsKey);
  // The record is not all there yet, and neither is what follows it.
  EXPECT_LT(given, records.size());
  rest_ = records.substr(given);
  EXPECT_EQ(Go(TheKey(), &peer), Progress::kDone) << server_->error();
  EXPECT_TRUE(peer.is_ready());
}

// covers: ACE-AUTH-3
TEST_F(TlsPskTest, AClientWithAKeyIsTakenAtItsWordBeforeTls13) {
  TlsPeer::Options options = WithKey(key_);
  options.min_version = TLS1_2_VERSION;
  options.version = TLS1_3_VERSION;
  TlsPeer peer(options);
  ASSERT_EQ(Begin(&peer), Progress::kNeedsKey);
  ASSERT_EQ(Go(TheKey(), &peer), Progress::kDone) << server_->error();
  EXPECT_EQ(peer.CipherName(), kSuite);
}

// covers: ACE-AUTH-3
TEST_F(TlsPskTest, AWrongKeyAndAnUnknownOneFailInTheSameWay) {
  TlsPeer wrong(WithKey(std::string(32, 'w')));
  ASSERT_EQ(Begin(&wrong), Progress::kNeedsKey);
  EXPECT_EQ(Go(TheKey(), &wrong), Progress::kFailed);
  EXPECT_THAT(server_->error(), HasSubstr("with a pre-shared key"));
  EXPECT_EQ(server_->PreSharedKeyId(), "");
  EXPECT_FALSE(wrong.is_ready());

  TlsPeer unknown(WithKey(key_));
  ASSERT_EQ(Begin(&unknown), Progress::kNeedsKey);
  EXPECT_EQ(Go(PreSharedKey::None("nobody"), &unknown), Progress::kFailed);
  EXPECT_EQ(server_->error(), "no pre-shared key: nobody");
  EXPECT_FALSE(unknown.is_ready());
  EXPECT_NE(unknown.alert(), 0);
  EXPECT_EQ(unknown.alert(), wrong.alert());

  // BoringSSL takes no longer ones.
  TlsPeer too_long(WithKey(key_));
  ASSERT_EQ(Begin(&too_long), Progress::kNeedsKey);
  const std::string long_key(257, 'k');
  EXPECT_EQ(Go(PreSharedKey(AsBytes(long_key), "id"), &too_long),
            Progress::kFailed);
  EXPECT_EQ(too_long.alert(), wrong.alert());
}

// A message that the client could have sent before it heard from the server.
TEST_F(TlsPskTest, AClientThatDoesNotWaitGetsNoKey) {
  TlsPeer peer(WithKey(key_));
  server_ = std::make_unique<TlsConnection>(context_, &io_);
  const std::string hello = peer.TakeOutput();
  ASSERT_EQ(Serve(hello, &peer), Progress::kNeedsInput);
  const std::string flight = peer.TakeOutput();
  server_ = std::make_unique<TlsConnection>(context_, &io_);
  io_.ClearOutput();
  TlsPeer other(WithKey(key_));
  EXPECT_EQ(Serve(hello + flight, &other), Progress::kFailed);
  EXPECT_EQ(server_->PreSharedKeyId(), "");
}

TEST_F(TlsPskTest, AnAlertInsteadOfAnIdentityEndsTheHandshake) {
  TlsPeer peer(WithKey(key_));
  server_ = std::make_unique<TlsConnection>(context_, &io_);
  ASSERT_EQ(Serve(peer.TakeOutput(), &peer), Progress::kNeedsInput);
  EXPECT_EQ(Serve(std::string("\x15\x03\x03\x00\x02\x02\x28", 7), &peer),
            Progress::kFailed);
  EXPECT_THAT(server_->error(), HasSubstr("no pre-shared key: no identity"));
}

// covers: ACE-AUTH-3
TEST_F(TlsPskTest, CertificatesGoOnWorking) {
  for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer peer(version);
    EXPECT_EQ(Begin(&peer), Progress::kDone);
    EXPECT_EQ(server_->PreSharedKeyId(), "");
    EXPECT_NE(peer.ServerCommonName(), "");
  }
}

// covers: ACE-AUTH-3
TEST_F(TlsPskTest, WithoutTheSettingThereAreNone) {
  MakeContext(/*take_pre_shared_keys=*/false);
  TlsPeer either(WithKey(key_));
  EXPECT_EQ(Begin(&either), Progress::kDone);
  EXPECT_NE(either.CipherName(), kSuite);
  EXPECT_EQ(server_->PreSharedKeyId(), "");
  TlsPeer::Options options = WithKey(key_);
  options.ciphers = "ECDHE-PSK-CHACHA20-POLY1305";
  TlsPeer only(options);
  EXPECT_EQ(Begin(&only), Progress::kFailed);
}

// No forward secrecy, or CBC.
TEST_F(TlsPskTest, OtherSuitesAreRefused) {
  for (const char* ciphers :
       {"PSK-AES256-CBC-SHA", "ECDHE-PSK-AES256-CBC-SHA"}) {
    TlsPeer::Options options = WithKey(key_);
    options.ciphers = ciphers;
    TlsPeer peer(options);
    EXPECT_EQ(Begin(&peer), Progress::kFailed) << ciphers;
  }
}

// covers: ACE-AUTH-3, ACE-POP-3
TEST_F(TlsPskTest, NothingIsResumed) {
  TlsPeer peer(WithKey(key_));
  ASSERT_EQ(Begin(&peer), Progress::kNeedsKey);
  ASSERT_EQ(Go(TheKey(), &peer), Progress::kDone);
  ASSERT_TRUE(server_->Write(AsBytes("x")));
  Deliver(&peer);
  SSL_SESSION* const session = peer.session();
  EXPECT_TRUE(session == nullptr || !SSL_SESSION_has_ticket(session));

  // Nor is what a certificate began.
  TlsPeer with_certificate(TLS1_2_VERSION);
  ASSERT_EQ(Begin(&with_certificate), Progress::kDone);
  ASSERT_NE(with_certificate.session(), nullptr);
  TlsPeer::Options options = WithKey(key_);
  options.resume = with_certificate.session();
  TlsPeer second(options);
  ASSERT_EQ(Begin(&second), Progress::kNeedsKey);
  ASSERT_EQ(Go(TheKey(), &second), Progress::kDone) << server_->error();
  EXPECT_FALSE(server_->IsResumed());
}

}  // namespace
}  // namespace sluice::transport
