#include "proxy/transport/tls_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test/proxy/transport/tls_peer.h"
#include "test/testing/test_certificates.h"

namespace sluice::transport {
namespace {

using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;
using ::testing::Contains;
using ::testing::ElementsAre;
using Progress = TlsConnection::Progress;

constexpr char kLabel[] = "EXPORTER-ACE-MQTT-Sign-Challenge";

class TlsConnectionTest : public ::testing::Test {
 protected:
  TlsConnectionTest() { context_ = NewContext({"localhost"}); }

  // A context with a certificate for each name, the first being the default.
  std::shared_ptr<const TlsContext> NewContext(
      const std::vector<std::string>& names,
      TlsVersion min_version = TlsVersion::k12,
      bool request_client_certificate = false) {
    TlsOptions options;
    options.min_version = min_version;
    options.request_client_certificate = request_client_certificate;
    for (size_t i = 0; i < names.size(); ++i) {
      CertificateOptions certificate;
      certificate.common_name = "certificate " + std::to_string(i);
      certificate.dns_names = {names[i]};
      const auto made = TestCertificate::SelfSigned(certificate);
      const std::string stem = "server" + std::to_string(i);
      options.certificates.push_back(
          {directory_.Write(stem + ".crt", made.certificate_pem()),
           directory_.Write(stem + ".key", made.private_key_pem())});
    }
    auto context = TlsContext::Create(options);
    EXPECT_TRUE(context.ok()) << context.status();
    return *context;
  }

  // Lets the server take `records`, in the way that a loop would.
  Progress Serve(absl::string_view records, TlsPeer* peer) {
    io_.set_input(AsBytes(records));
    Progress progress = Progress::kNeedsInput;
    if (!server_ready_) {
      progress = server_->Handshake();
      server_ready_ = progress == Progress::kDone;
    }
    if (server_ready_) {
      uint8_t buffer[4096];
      do {
        size_t count;
        progress = server_->Read(absl::MakeSpan(buffer), &count);
        received_.append(reinterpret_cast<char*>(buffer), count);
      } while (progress == Progress::kDone);
    }
    io_.set_input({});
    const std::string output = io_.output();
    io_.ClearOutput();
    if (!output.empty()) peer->Feed(output);
    return progress;
  }

  // Carries records to and fro until nobody has anything to say.
  Progress Connect(TlsPeer* peer) {
    server_ = std::make_unique<TlsConnection>(context_, &io_);
    server_ready_ = false;
    Progress progress = Progress::kNeedsInput;
    for (;;) {
      const std::string records = peer->TakeOutput();
      if (records.empty()) return progress;
      progress = Serve(records, peer);
      if (progress != Progress::kNeedsInput) return progress;
    }
  }

  TempDir directory_;
  std::shared_ptr<const TlsContext> context_;
  TlsIo io_;
  std::unique_ptr<TlsConnection> server_;
  bool server_ready_ = false;
  std::string received_;
};

TEST_F(TlsConnectionTest, CarriesBytesBothWays) {
  for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer peer(version);
    received_.clear();
    Connect(&peer);
    ASSERT_TRUE(peer.is_ready());
    ASSERT_TRUE(server_ready_);

    peer.Write("to the server");
    EXPECT_EQ(Serve(peer.TakeOutput(), &peer), Progress::kNeedsInput);
    EXPECT_EQ(received_, "to the server");

    // More than a record holds.
    const std::string large(100000, 'x');
    ASSERT_TRUE(server_->Write(AsBytes(large)));
    Serve("", &peer);
    EXPECT_EQ(peer.received(), large);

    peer.Shutdown();
    EXPECT_EQ(Serve(peer.TakeOutput(), &peer), Progress::kEnded);
    server_->Shutdown();
    peer.Feed(io_.output());
    io_.ClearOutput();
    EXPECT_TRUE(peer.is_closed());
  }
}

TEST_F(TlsConnectionTest, SaysThatTheClientRefusedInTheClear) {
  TlsPeer peer(TLS1_3_VERSION);
  server_ = std::make_unique<TlsConnection>(context_, &io_);
  Serve(peer.TakeOutput(), &peer);
  // alert(21), TLS 1.2, two bytes: fatal, unknown_ca.
  EXPECT_EQ(Serve(absl::string_view("\x15\x03\x03\x00\x02\x02\x30", 7), &peer),
            Progress::kFailed);
  EXPECT_EQ(server_->error(),
            "the client refused the handshake, perhaps the certificate");
}

TEST_F(TlsConnectionTest, AShortRecordAfterTheHandshakeIsNoRefusal) {
  TlsPeer peer(TLS1_3_VERSION);
  Connect(&peer);
  ASSERT_TRUE(server_ready_);
  EXPECT_EQ(Serve(absl::string_view("\x17\x03\x03\x00\x02\x02\x30", 7), &peer),
            Progress::kFailed);
  EXPECT_EQ(server_->error(), "bad packet length");
}

TEST_F(TlsConnectionTest, TakesRecordsAByteAtATime) {
  TlsPeer peer(TLS1_3_VERSION);
  Connect(&peer);
  peer.Write("hello");
  for (const char byte : peer.TakeOutput()) {
    EXPECT_EQ(Serve(absl::string_view(&byte, 1), &peer), Progress::kNeedsInput);
  }
  EXPECT_EQ(received_, "hello");
}

TEST_F(TlsConnectionTest, ReadsNoMoreThanFits) {
  TlsPeer peer(TLS1_3_VERSION);
  Connect(&peer);
  peer.Write("hello");
  peer.Write("world");
  const std::string records = peer.TakeOutput();
  io_.set_input(AsBytes(records));
  uint8_t buffer[7];
  size_t count;
  EXPECT_EQ(server_->Read(absl::MakeSpan(buffer), &count), Progress::kDone);
  EXPECT_EQ(count, 7u);
  EXPECT_EQ(server_->Read(absl::MakeSpan(buffer), &count),
            Progress::kNeedsInput);
  EXPECT_EQ(count, 3u);
}

TEST_F(TlsConnectionTest, FailsOnAForgedRecord) {
  TlsPeer peer(TLS1_3_VERSION);
  Connect(&peer);
  peer.Write("hello");
  std::string records = peer.TakeOutput();
  records.back() ^= 1;
  EXPECT_EQ(Serve(records, &peer), Progress::kFailed);
  EXPECT_EQ(peer.alert(), SSL_AD_BAD_RECORD_MAC);
  EXPECT_EQ(received_, "");
}

// covers: ACE-POP-2
TEST_F(TlsConnectionTest, ExportsTheSameAsThePeer) {
  TlsPeer tls13(TLS1_3_VERSION);
  Connect(&tls13);
  EXPECT_THAT(server_->ExportKeyingMaterial(kLabel),
              ElementsAre(tls13.Export(kLabel, true)));

  // TLS 1.2 tells an empty context from an absent one.
  TlsPeer tls12(TLS1_2_VERSION);
  Connect(&tls12);
  EXPECT_NE(tls12.Export(kLabel, true), tls12.Export(kLabel, false));
  EXPECT_THAT(
      server_->ExportKeyingMaterial(kLabel),
      ElementsAre(tls12.Export(kLabel, true), tls12.Export(kLabel, false)));
}

// covers: ACE-POP-3
TEST_F(TlsConnectionTest, SeesThatASessionWasResumed) {
  for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer first(version);
    Connect(&first);
    EXPECT_FALSE(server_->IsResumed());
    // TLS 1.3 tickets travel with the first bytes.
    ASSERT_TRUE(server_->Write(AsBytes("x")));
    Serve("", &first);
    ASSERT_NE(first.session(), nullptr);

    TlsPeer::Options options = TlsPeer::ForVersion(version);
    options.resume = first.session();
    TlsPeer second(options);
    Connect(&second);
    EXPECT_TRUE(second.is_resumed());
    EXPECT_TRUE(server_->IsResumed());
  }
}

class ClientCertificateTest : public TlsConnectionTest {
 protected:
  ClientCertificateTest() {
    context_ = NewContext({"localhost"}, TlsVersion::k12, true);
  }
};

// covers: ACE-AUTH-3
TEST_F(ClientCertificateTest, AnyCertificateWithItsKeyWillDo) {
  CertificateOptions p256, ed25519, expired;
  ed25519.key = CertificateOptions::Key::kEd25519;
  expired.not_before = -absl::Hours(48);
  expired.not_after = -absl::Hours(24);
  for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const CertificateOptions& made : {p256, ed25519, expired}) {
      const auto certificate = TestCertificate::SelfSigned(made);
      TlsPeer::Options options = TlsPeer::ForVersion(version);
      options.certificate = &certificate;
      TlsPeer peer(options);
      Connect(&peer);
      ASSERT_TRUE(server_ready_) << server_->error();
      EXPECT_EQ(server_->PeerCertificate(), certificate.certificate_der());
    }
  }
}

// covers: ACE-AUTH-3
TEST_F(ClientCertificateTest, NoneIsNeeded) {
  for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer peer(version);
    Connect(&peer);
    ASSERT_TRUE(server_ready_);
    EXPECT_EQ(server_->PeerCertificate(), "");
  }
}

// covers: ACE-AUTH-3
TEST_F(ClientCertificateTest, AResumedSessionHasTheOneThatWasProven) {
  const auto certificate = TestCertificate::SelfSigned(CertificateOptions());
  const auto other = TestCertificate::SelfSigned(CertificateOptions());
  for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer::Options options = TlsPeer::ForVersion(version);
    options.certificate = &certificate;
    TlsPeer first(options);
    Connect(&first);
    ASSERT_TRUE(server_->Write(AsBytes("x")));
    Serve("", &first);
    ASSERT_NE(first.session(), nullptr);

    options.certificate = &other;
    options.resume = first.session();
    TlsPeer second(options);
    Connect(&second);
    ASSERT_TRUE(server_->IsResumed());
    EXPECT_EQ(server_->PeerCertificate(), certificate.certificate_der());
  }
}

// covers: ACE-AUTH-3
TEST_F(ClientCertificateTest, ACertificateIsNotAskedForUnlessConfigured) {
  context_ = NewContext({"localhost"});
  const auto certificate = TestCertificate::SelfSigned(CertificateOptions());
  TlsPeer::Options options;
  options.certificate = &certificate;
  TlsPeer peer(options);
  Connect(&peer);
  ASSERT_TRUE(server_ready_);
  EXPECT_EQ(server_->PeerCertificate(), "");
}

// A certificate with the private key of another one.
// covers: ACE-AUTH-3
TEST_F(ClientCertificateTest, ACertificateWithoutItsKeyIsNone) {
  const auto stolen = TestCertificate::SelfSigned(CertificateOptions());
  for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer::Options options = TlsPeer::ForVersion(version);
    options.certificate = &stolen;
    options.sign_with_another_key = true;
    TlsPeer peer(options);
    EXPECT_EQ(Connect(&peer), Progress::kFailed);
    EXPECT_FALSE(server_ready_);
    EXPECT_EQ(peer.alert(), SSL_AD_DECRYPT_ERROR);
  }
}

// covers: ACE-POP-9
TEST_F(TlsConnectionTest, SelectsMqttByAlpn) {
  for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer::Options options = TlsPeer::ForVersion(version);
    options.alpn = {"h2", "mqtt"};
    TlsPeer peer(options);
    Connect(&peer);
    EXPECT_TRUE(server_ready_);
    EXPECT_EQ(peer.SelectedAlpn(), "mqtt");
  }
}

// covers: ACE-POP-9
TEST_F(TlsConnectionTest, RefusesOtherProtocols) {
  TlsPeer::Options options;
  options.alpn = {"h2", "http/1.1"};
  TlsPeer peer(options);
  EXPECT_EQ(Connect(&peer), Progress::kFailed);
  EXPECT_EQ(peer.alert(), SSL_AD_NO_APPLICATION_PROTOCOL);
  EXPECT_EQ(server_->error(), "no application protocol");
}

// covers: ACE-POP-9
TEST_F(TlsConnectionTest, SelectsTheCertificateByServerName) {
  context_ = NewContext({"a.example", "b.example", "*.c.example"});
  const std::pair<const char*, const char*> cases[] = {
      {"", "certificate 0"},          {"a.example", "certificate 0"},
      {"B.Example", "certificate 1"}, {"x.c.example", "certificate 2"},
      {"c.example", "certificate 0"}, {"x.y.c.example", "certificate 0"},
      {"z.example", "certificate 0"},
  };
  for (const uint16_t version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const auto& [name, expected] : cases) {
      TlsPeer::Options options = TlsPeer::ForVersion(version);
      options.server_name = name;
      options.alpn = {"mqtt"};
      TlsPeer peer(options);
      Connect(&peer);
      ASSERT_TRUE(server_ready_) << name;
      EXPECT_EQ(peer.ServerCommonName(), expected) << name;
      EXPECT_EQ(peer.SelectedAlpn(), "mqtt");
    }
  }
}

TEST_F(TlsConnectionTest, HonoursTheMinimumVersion) {
  context_ = NewContext({"localhost"}, TlsVersion::k13);
  TlsPeer tls12(TLS1_2_VERSION);
  EXPECT_EQ(Connect(&tls12), Progress::kFailed);
  EXPECT_EQ(tls12.alert(), SSL_AD_PROTOCOL_VERSION);
  TlsPeer tls13(TLS1_3_VERSION);
  Connect(&tls13);
  EXPECT_TRUE(server_ready_);
}

TEST_F(TlsConnectionTest, RefusesOlderVersions) {
  TlsPeer peer(TLS1_1_VERSION);
  EXPECT_EQ(Connect(&peer), Progress::kFailed);
}

// A ClientHello without one of its extensions: the record, the message and the
// extensions each begin with their length.
std::string WithoutExtension(std::string hello, uint16_t type) {
  const auto get16 = [&hello](size_t at) {
    return static_cast<size_t>(static_cast<uint8_t>(hello[at])) << 8 |
           static_cast<uint8_t>(hello[at + 1]);
  };
  const auto put16 = [&hello](size_t at, size_t value) {
    hello[at] = static_cast<char>(value >> 8);
    hello[at + 1] = static_cast<char>(value);
  };
  size_t at = 5 + 4 + 2 + 32;                 // to the session id
  at += 1 + static_cast<uint8_t>(hello[at]);  // to the cipher suites
  at += 2 + get16(at);                        // to the compressions
  at += 1 + static_cast<uint8_t>(hello[at]);  // to the extensions
  const size_t extensions = at;
  for (at += 2; at < hello.size(); at += 4 + get16(at + 2)) {
    if (get16(at) != type) continue;
    const size_t size = 4 + get16(at + 2);
    put16(extensions, get16(extensions) - size);
    put16(3, get16(3) - size);
    put16(7, get16(7) - size);  // the low bytes of three
    hello.erase(at, size);
    return hello;
  }
  return "";
}

// covers: ACE-POP-9
TEST_F(TlsConnectionTest, RequiresExtendedMasterSecret) {
  TlsPeer peer(TLS1_2_VERSION);
  const std::string hello =
      WithoutExtension(peer.TakeOutput(), TLSEXT_TYPE_extended_master_secret);
  ASSERT_FALSE(hello.empty());
  server_ = std::make_unique<TlsConnection>(context_, &io_);
  EXPECT_EQ(Serve(hello, &peer), Progress::kFailed);
  EXPECT_EQ(peer.alert(), SSL_AD_HANDSHAKE_FAILURE);
}

// The same alteration with another extension goes through this far.
TEST_F(TlsConnectionTest, TakesClientHelloWithoutTickets) {
  TlsPeer peer(TLS1_2_VERSION);
  const std::string hello =
      WithoutExtension(peer.TakeOutput(), TLSEXT_TYPE_session_ticket);
  ASSERT_FALSE(hello.empty());
  server_ = std::make_unique<TlsConnection>(context_, &io_);
  EXPECT_EQ(Serve(hello, &peer), Progress::kNeedsInput);
}

TEST_F(TlsConnectionTest, FailsOnWhatIsNoTls) {
  TlsPeer peer(TLS1_3_VERSION);
  server_ = std::make_unique<TlsConnection>(context_, &io_);
  EXPECT_EQ(Serve("GET / HTTP/1.1\r\n\r\n", &peer), Progress::kFailed);
  EXPECT_EQ(server_->error(), "http request");
}

}  // namespace
}  // namespace sluice::transport
