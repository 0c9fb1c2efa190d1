#include "policy/server/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

using ::sluice::testing::CertificateOptions;
using ::sluice::testing::TempDir;
using ::sluice::testing::TestCertificate;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

// RFC 8037 appendix A.2.
constexpr char kEd25519Jwk[] =
    R"({"kty":"OKP","crv":"Ed25519",)"
    R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})";
constexpr char kSymmetricJwk[] =
    R"({"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})";
constexpr char kShortJwk[] = R"({"kty":"oct","k":"AAECAwQFBgcICQoLDA0ODw"})";
constexpr char kP384Jwk[] = R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})";

std::string Jwks(const std::string& keys) {
  return absl::StrCat(R"({"keys":[)", keys, "]}");
}

// What most cases start from; 10 lines.
constexpr char kMinimal[] = R"(address: 127.0.0.1:0
audience: broker
issuers:
- issuer: https://as.example
  jwks_file: as.json
public_topics:
- filter: public/#
  permissions: [sub]
store:
  memory: {}
)";

class ConfigTest : public ::testing::Test {
 protected:
  ConfigTest() {
    dir_.Write("as.json", Jwks(kEd25519Jwk));
    dir_.Write("rs.json", Jwks(kSymmetricJwk));
  }

  absl::StatusOr<LoadedConfig> Load(absl::string_view yaml,
                                    Hosting hosting = Hosting::kStandalone) {
    return LoadConfig(dir_.Write("policy.yaml", yaml), hosting);
  }

  // What is read from `yaml`, which is right.
  LoadedConfig Loaded(absl::string_view yaml) {
    absl::StatusOr<LoadedConfig> config = Load(yaml);
    EXPECT_TRUE(config.ok()) << config.status();
    return *std::move(config);
  }

  // kMinimal with each first text replaced by the second.
  static std::string Minimal(
      std::initializer_list<std::pair<absl::string_view, absl::string_view>>
          replacements) {
    return absl::StrReplaceAll(kMinimal, replacements);
  }

  // The complaint about `yaml`, with DIR for the directory.
  std::string Complaint(absl::string_view yaml) {
    const absl::Status status = Load(yaml).status();
    EXPECT_FALSE(status.ok()) << yaml;
    return absl::StrReplaceAll(status.message(), {{dir_.path(), "DIR"}});
  }

  const TempDir dir_;
  const TestCertificate authority_ = TestCertificate::Authority("CA");
};

TEST_F(ConfigTest, ReadsTheMinimalConfiguration) {
  const auto config = Load(kMinimal);
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_TRUE(config->address.has_value());
  EXPECT_EQ(config->address->ToString(), "127.0.0.1:0");
  EXPECT_FALSE(config->admin.has_value());
  EXPECT_FALSE(config->tls.has_value());
  EXPECT_THAT(config->public_topics,
              ElementsAre(ace::Permission{"public/#", false, true}));
  EXPECT_THAT(config->access.operators, IsEmpty());
  EXPECT_THAT(config->warnings,
              ElementsAre(HasSubstr("may manage the service")));
}

TEST_F(ConfigTest, TakesAnAddressForAdminHttp) {
  const auto config =
      Load(absl::StrCat(kMinimal, "admin: {address: 0.0.0.0:9902}\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_TRUE(config->admin.has_value());
  EXPECT_EQ(config->admin->ToString(), "0.0.0.0:9902");
}

TEST_F(ConfigTest, ReadsEverythingThatThisVersionSupports) {
  const TestCertificate authority = TestCertificate::Authority("ca");
  const TestCertificate server = authority.Issue({});
  dir_.Write("policy.crt", server.certificate_pem());
  dir_.Write("policy.key", server.private_key_pem());
  dir_.Write("ca.crt", authority.certificate_pem());
  const auto config = Load(R"(
address: unix:/run/sluice/policy.sock
tls: {certificate: policy.crt, private_key: policy.key, client_ca: ca.crt}
access: {proxies: [proxy-1], operators: [admin, "spiffe://ops"]}
audience: broker
clock_skew: 0s
issuers:
- {issuer: "https://a.example", jwks_file: as.json}
- {issuer: "https://b.example", profile: rfc9431, jwks_file: rs.json}
decryption_keys_file: rs.json
public_topics:
- {filter: "public/#", permissions: [sub]}
- {filter: "inbox/+", permissions: [pub, sub]}
store: {memory: {}}
)");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->address->unix_path, "/run/sluice/policy.sock");
  EXPECT_EQ(config->tls->certificate, server.certificate_pem());
  EXPECT_EQ(config->tls->private_key, server.private_key_pem());
  EXPECT_EQ(config->tls->client_ca, authority.certificate_pem());
  EXPECT_THAT(config->access.proxies, ElementsAre("proxy-1"));
  EXPECT_THAT(config->access.operators, ElementsAre("admin", "spiffe://ops"));
  EXPECT_THAT(config->warnings, IsEmpty());
  EXPECT_THAT(config->public_topics,
              ElementsAre(ace::Permission{"public/#", false, true},
                          ace::Permission{"inbox/+", true, true}));
}

TEST_F(ConfigTest, ASocketIsRelativeToTheConfiguration) {
  dir_.Write("policy.yaml", "address: unix:policy.sock\naudience: broker\n");
  ASSERT_EQ(chdir(dir_.path().c_str()), 0);  // for a short path
  const auto config = LoadConfig("./policy.yaml", Hosting::kStandalone);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->address->unix_path, "./policy.sock");
}

TEST_F(ConfigTest, NeitherIssuersNorTopicsNorStoreAreRequired) {
  EXPECT_TRUE(Load("address: 127.0.0.1:0\naudience: broker\n").ok());
}

TEST_F(ConfigTest, AnEmbeddedServiceNeedsNoAddress) {
  const auto embedded = Load("audience: broker\n", Hosting::kEmbedded);
  ASSERT_TRUE(embedded.ok()) << embedded.status();
  EXPECT_FALSE(embedded->address.has_value());
  EXPECT_THAT(embedded->warnings, IsEmpty());
  // Where there is one, it is checked all the same.
  EXPECT_FALSE(Load("audience: b\naddress: x\n", Hosting::kEmbedded).ok());
  EXPECT_THAT(Complaint("audience: broker\n"),
              HasSubstr("policy.yaml:1: address: required"));
}

TEST_F(ConfigTest, WarnsOfKeysThatItHasNoUseFor) {
  dir_.Write("as.json", Jwks(absl::StrCat(kP384Jwk, ",", kEd25519Jwk)));
  const auto config = Load(kMinimal);
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->warnings.size(), 2u);
  EXPECT_THAT(config->warnings[1],
              HasSubstr("issuers[0].jwks_file: as.json: keys[0].crv"));
}

TEST_F(ConfigTest, WarnsOfDecryptionKeysThatDecryptNothing) {
  const std::string yaml =
      absl::StrCat(kMinimal, "decryption_keys_file: rs.json\n");
  constexpr char kTooShort[] = R"({"kty":"oct","k":"AAAA"})";
  dir_.Write("rs.json", Jwks(absl::StrCat(kTooShort, ",", kSymmetricJwk)));
  const LoadedConfig config = Loaded(yaml);
  ASSERT_EQ(config.warnings.size(), 2u);
  EXPECT_EQ(config.warnings[1],
            "decryption_keys_file: rs.json: keys[0]: k: 3 bytes, and what it "
            "could decrypt takes 16 or 32");
  dir_.Write("rs.json", Jwks(kTooShort));
  EXPECT_THAT(Complaint(yaml),
              HasSubstr("policy.yaml:11: decryption_keys_file: "
                        "rs.json: holds no key that can be used: keys[0]: "
                        "k: 3 bytes"));
}

// covers: ACE-D01-7
TEST_F(ConfigTest, WarnsOfEachIssuerOfDraft01) {
  const auto config = Load(Minimal(
      {{"jwks_file: as.json", "profile: draft-01\n  jwks_file: as.json"}}));
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->verifier.issuers().size(), 1u);
  EXPECT_EQ(config->verifier.issuers()[0].profile, ace::Profile::kDraft01);
  ASSERT_EQ(config->warnings.size(), 2u);
  EXPECT_THAT(
      config->warnings[1],
      AllOf(HasSubstr("issuers[0].profile: "), HasSubstr("https://as.example"),
            HasSubstr("draft-01"), HasSubstr("a restart forgets")));
  const auto kept = Load(Minimal(
      {{"jwks_file: as.json", "profile: draft-01\n  jwks_file: as.json"},
       {"memory: {}", "sqlite: policy.db"}}));
  ASSERT_TRUE(kept.ok()) << kept.status();
  EXPECT_THAT(kept->warnings[1],
              AllOf(HasSubstr("draft-01"), Not(HasSubstr("restart"))));
  const auto plain = Load(kMinimal);
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(plain->warnings.size(), 1u);
}

TEST_F(ConfigTest, FindsTheStoresFileBesideItself) {
  const auto config = Load(Minimal({{"memory: {}", "sqlite: policy.db"}}));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->store.sqlite_path, dir_.path() + "/policy.db");
  // Reading the configuration leaves no trace.
  EXPECT_NE(access(config->store.sqlite_path->c_str(), F_OK), 0);
  EXPECT_EQ(Load(kMinimal)->store.sqlite_path, std::nullopt);
}

TEST_F(ConfigTest, ReadsWhereEtcdIs) {
  auto config =
      Load(Minimal({{"memory: {}", "etcd: {endpoints: [\"etcd-0:2379\"]}"}}));
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_TRUE(config->store.etcd.has_value());
  EXPECT_THAT(config->store.etcd->endpoints, ElementsAre("etcd-0:2379"));
  EXPECT_EQ(config->store.etcd->prefix, "/sluice");
  EXPECT_FALSE(config->store.etcd->tls.has_value());
  EXPECT_EQ(config->store.etcd->username, "");
  dir_.Write("ca.crt", TestCertificate::Authority("CA").certificate_pem());
  dir_.Write("secret", "hush hush\n");
  config = Load(Minimal(
      {{"memory: {}",
        "etcd: {endpoints: [\"[::1]:2379\", \"10.0.0.1:2379\"], prefix: /a/b,"
        " tls: {ca: ca.crt}, username: sluice, password_file: secret}"}}));
  ASSERT_TRUE(config.ok()) << config.status();
  const EtcdOptions& etcd = *config->store.etcd;
  EXPECT_EQ(etcd.endpoints.size(), 2u);
  EXPECT_EQ(etcd.prefix, "/a/b");
  EXPECT_THAT(etcd.tls->ca, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_EQ(etcd.username, "sluice");
  EXPECT_EQ(etcd.password, "hush hush");
}

TEST_F(ConfigTest, RefusesWhatIsNoEtcd) {
  dir_.Write("secret", "hush");
  dir_.Write("blank", "\n");
  const struct {
    const char* etcd;
    const char* complaint;
  } kCases[] = {
      {"{}", ".endpoints: required"},
      {"{endpoints: []}", ".endpoints: required"},
      {"{endpoints: [\"a:1\", \"http://b:2379\"]}", ".endpoints[1]: expected"},
      {"{endpoints: [\"a\"]}", ".endpoints[0]: expected HOST:PORT"},
      {"{endpoints: [\"a:0\"]}", ".endpoints[0]: expected HOST:PORT"},
      {"{endpoints: [\"a:1\"], prefix: \"/\"}", ".prefix: expected"},
      {"{endpoints: [\"a:1\"], prefix: sluice}", ".prefix: expected"},
      {"{endpoints: [\"a:1\"], tls: {ca: secret}}", ".tls.ca: "},
      {"{endpoints: [\"a:1\"], tls: {certificate: secret}}", ".tls: "},
      {"{endpoints: [\"a:1\"], username: sluice}", ": username and"},
      {"{endpoints: [\"a:1\"], username: u, password_file: none}",
       ".password_file: "},
      {"{endpoints: [\"a:1\"], username: u, password_file: blank}",
       ".password_file: blank: holds no secret"},
  };
  for (const auto& c : kCases) {
    const std::string complaint =
        Complaint(Minimal({{"memory: {}", absl::StrCat("etcd: ", c.etcd)}}));
    EXPECT_THAT(complaint, HasSubstr(absl::StrCat("policy.yaml:10: store.etcd",
                                                  c.complaint)));
    EXPECT_THAT(complaint, Not(HasSubstr("hush")));
  }
}

// covers: ACE-TOK-5
TEST_F(ConfigTest, ReadsHowToIntrospect) {
  dir_.Write("ca.crt", TestCertificate::Authority("CA").certificate_pem());
  dir_.Write("secret", "hush hush\n");
  auto config = Load(Minimal(
      {{"jwks_file: as.json",
        "introspection: {url: \"https://as.example/introspect\", client_id: rs,"
        " client_secret_file: secret, ca: ca.crt, client_auth: post,"
        " format: ace+cbor, cache_ttl: 5s}"}}));
  ASSERT_TRUE(config.ok()) << config.status();
  ASSERT_EQ(config->issuer_settings.introspection.size(), 1u);
  IntrospectionEndpoint endpoint = config->issuer_settings.introspection[0];
  EXPECT_EQ(endpoint.issuer, "https://as.example");
  EXPECT_EQ(endpoint.url, "https://as.example/introspect");
  EXPECT_THAT(endpoint.ca, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_EQ(endpoint.client.id, "rs");
  EXPECT_EQ(endpoint.client.secret, "hush hush");
  EXPECT_EQ(endpoint.client.authentication, ace::ClientAuthentication::kPost);
  EXPECT_EQ(endpoint.client.format, ace::IntrospectionFormat::kAceCbor);
  EXPECT_EQ(endpoint.cache_ttl, absl::Seconds(5));

  config = Load(Minimal({{"jwks_file: as.json",
                          "jwks_file: as.json\n  introspection: {url: "
                          "\"https://as.example\"}"}}));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->verifier.issuers()[0].keys.keys().size(), 1u);
  ASSERT_EQ(config->issuer_settings.introspection.size(), 1u);
  endpoint = config->issuer_settings.introspection[0];
  EXPECT_EQ(endpoint.ca, "");
  EXPECT_EQ(endpoint.client.id, "");
  EXPECT_EQ(endpoint.client.authentication, ace::ClientAuthentication::kBasic);
  EXPECT_EQ(endpoint.client.format, ace::IntrospectionFormat::kForm);
  EXPECT_EQ(endpoint.cache_ttl, absl::Seconds(60));
}

TEST_F(ConfigTest, NamesWhatIsWrongWithIntrospection) {
  dir_.Write("secret", "hush hush");
  dir_.Write("blank", " \n");
  const TestCertificate mine = authority_.Issue({});
  dir_.Write("ca.pem", authority_.certificate_pem());
  dir_.Write("rs.crt", mine.certificate_pem());
  dir_.Write("rs.key", mine.private_key_pem());
  const struct {
    const char* introspection;
    const char* complaint;
  } kCases[] = {
      {"{client_id: rs}", "url: required"},
      {"{url: \"http://as.example\"}", "url: expected a URL"},
      {"{url: \"https://\"}", "url: expected a URL"},
      {"{url: \"https://u:hush@as.example\"}",
       "url: holds a '@'; a user name or password is not taken in a URL"},
      {"{url: \"https://as.example/a b\"}",
       "url: holds a blank, or another character that no URL has"},
      {"{url: \"https://as.example/\u00e9\"}",
       "url: holds a blank, or another"},
      {"{url: \"https://a\", client_id: rs}", "client_secret_file: required"},
      {"{url: \"https://a\", client_secret_file: secret}",
       "client_id: required"},
      {"{url: \"https://a\", client_id: rs, client_secret_file: none}",
       "client_secret_file: "},
      {"{url: \"https://a\", client_id: rs, client_secret_file: blank}",
       "client_secret_file: blank: holds no secret"},
      {"{url: \"https://a\", ca: secret}", "ca: secret: "},
      {"{url: \"https://a\", certificate: as.json, private_key: secret}",
       "certificate: as.json: "},
      {"{url: \"https://a\", private_key: secret}", "certificate: required"},
      {"{url: \"https://a\", certificate: ca.pem}", "private_key: required"},
      {"{url: \"https://a\", certificate: ca.pem, private_key: secret}",
       "private_key: secret: "},
      {"{url: \"https://a\", certificate: rs.crt, private_key: rs.key}",
       "client_id: required"},
      {"{url: \"https://a\", cache_ttl: 0s}", "cache_ttl: expected"},
      {"{url: \"https://a\", cache_ttl: 61m}", "cache_ttl: expected"},
      {"{url: \"https://a\", format: xml}", "format: "},
      {"{url: \"https://a\", client_auth: none}", "client_auth: "},
  };
  for (const auto& c : kCases) {
    const std::string complaint = Complaint(
        Minimal({{"jwks_file: as.json",
                  absl::StrCat("jwks_file: as.json\n  introspection: ",
                               c.introspection)}}));
    EXPECT_THAT(complaint,
                HasSubstr(absl::StrCat(
                    "policy.yaml:6: issuers[0].introspection.", c.complaint)));
    EXPECT_THAT(complaint, Not(HasSubstr("hush")));
  }
}

// covers: ACE-TOK-2
TEST_F(ConfigTest, ReadsWhereAnIssuersKeysAre) {
  dir_.Write("ca.pem", authority_.certificate_pem());
  const LoadedConfig config = Loaded(
      Minimal({{"jwks_file: as.json",
                "jwks_url: https://as.example/jwks\n  jwks_refresh: 90s\n  "
                "ca: ca.pem"}}));
  ASSERT_EQ(config.issuer_settings.jwks.size(), 1u);
  const JwksSource& source = config.issuer_settings.jwks[0];
  EXPECT_EQ(source.issuer, "https://as.example");
  EXPECT_EQ(source.url, "https://as.example/jwks");
  EXPECT_EQ(source.refresh, absl::Seconds(90));
  EXPECT_EQ(source.ca, authority_.certificate_pem());
  EXPECT_EQ(config.verifier.issuers()[0].key_source, ace::KeySource::kPending);
  const LoadedConfig brief = Loaded(
      Minimal({{"jwks_file: as.json", "jwks_url: https://as.example/jwks"}}));
  EXPECT_EQ(brief.issuer_settings.jwks[0].refresh, absl::Minutes(5));
  EXPECT_EQ(brief.issuer_settings.jwks[0].ca, "");
}

TEST_F(ConfigTest, SaysWhatIsWrongWithAJwksUrl) {
  const struct {
    const char* fields;
    const char* complaint;
  } kCases[] = {
      {"jwks_url: \"\"", "5: issuers[0].jwks_url: required"},
      {"jwks_url: http://as.example/jwks",
       "5: issuers[0].jwks_url: expected a URL that begins with https://"},
      {"jwks_url: https://user@as.example/",
       "5: issuers[0].jwks_url: holds a '@'"},
      {"jwks_url: https://a\n  jwks_refresh: 999ms",
       "6: issuers[0].jwks_refresh: expected a duration from 1s to 24h"},
      {"jwks_url: https://a\n  jwks_refresh: 25h",
       "6: issuers[0].jwks_refresh: expected a duration from 1s to 24h"},
      {"jwks_url: https://a\n  ca: as.json", "6: issuers[0].ca: as.json: "},
      {"jwks_url: https://a\n  ca: none", "6: issuers[0].ca: cannot read"},
      {"jwks_file: as.json\n  jwks_refresh: 5m",
       "6: issuers[0].jwks_refresh: only with jwks_url"},
      {"jwks_file: as.json\n  ca: as.json",
       "6: issuers[0].ca: only with jwks_url"},
      {"jwks_file: as.json\n  jwks_url: https://a", "6: issuers[0].jwks_url"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(
        Complaint(Minimal({{"jwks_file: as.json", c.fields}})),
        ::testing::StartsWith(absl::StrCat("DIR/policy.yaml:", c.complaint)));
  }
}

// covers: ACE-TOK-5
TEST_F(ConfigTest, ReadsTheCertificateThatAnIssuerIsShown) {
  const auto mine = authority_.Issue({});
  dir_.Write("rs.crt", mine.certificate_pem());
  dir_.Write("rs.key", mine.private_key_pem());
  dir_.Write("rs-secret", "hush");
  const auto load = [this](absl::string_view more) {
    return Loaded(Minimal(
        {{"jwks_file: as.json",
          absl::StrCat("introspection: {url: \"https://a\", certificate: "
                       "rs.crt, private_key: rs.key, client_id: rs",
                       more, "}")}}));
  };
  const IntrospectionEndpoint alone =
      load("").issuer_settings.introspection.at(0);
  EXPECT_EQ(alone.certificate, mine.certificate_pem());
  EXPECT_EQ(alone.private_key, mine.private_key_pem());
  EXPECT_EQ(alone.client.id, "rs");
  EXPECT_EQ(alone.client.authentication, ace::ClientAuthentication::kTls);
  const IntrospectionEndpoint both = load(", client_secret_file: rs-secret")
                                         .issuer_settings.introspection.at(0);
  EXPECT_EQ(both.client.secret, "hush");
  EXPECT_EQ(both.client.authentication, ace::ClientAuthentication::kBasic);
}

TEST_F(ConfigTest, TheAdminAddressIsAnother) {
  const std::string yaml =
      "address: 127.0.0.1:7000\naudience: b\nadmin: {address: '[::]:7000'}\n";
  EXPECT_THAT(Complaint(yaml),
              HasSubstr("policy.yaml:3: admin.address: overlaps with address, "
                        "127.0.0.1:7000; "));
  // Neither is opened.
  const auto embedded = Load(yaml, Hosting::kEmbedded);
  ASSERT_TRUE(embedded.ok()) << embedded.status();
  EXPECT_FALSE(embedded->address.has_value());
  EXPECT_FALSE(embedded->admin.has_value());
}

TEST_F(ConfigTest, NamesThePlaceOfAnError) {
  const struct {
    std::string yaml;
    const char* complaint;
  } kCases[] = {
      {Minimal({{"audience", "audiences"}}), "policy.yaml:2: audiences: "},
      {Minimal({{"127.0.0.1:0", "127.0.0.1"}}), "policy.yaml:1: address: "},
      {absl::StrCat(kMinimal, "admin: {address: x}\n"),
       "policy.yaml:11: admin.address: expected HOST:PORT"},
      {absl::StrCat(kMinimal, "admin: {address: \"unix:x\"}\n"),
       "policy.yaml:11: admin.address: expected HOST:PORT"},
      {absl::StrCat(kMinimal, "admin: {}\n"),
       "policy.yaml:11: admin.address: required"},
      {Minimal({{"127.0.0.1:0", "127.0.0.1:70000"}}),
       "policy.yaml:1: address: expected a port"},
      {Minimal({{"127.0.0.1:0", absl::StrCat("unix:", std::string(108, 'x'))}}),
       "policy.yaml:1: address: the path of a socket"},
      {absl::StrCat(kMinimal, "checkers: [{name: c, address: \"unix:",
                    std::string(108, 'x'), "\"}]\n"),
       "policy.yaml:11: checkers[0].address: the path of a socket"},
      {absl::StrCat(kMinimal, "checkers: [{name: c, address: \"a:0\"}]\n"),
       "policy.yaml:11: checkers[0].address: port 0 can't be connected to"},
      {Minimal({{"audience: broker", "clock_skew: 1s"}}),
       "policy.yaml:1: audience: required"},
      {Minimal({{"audience: broker", "audience: b\nclock_skew: 61m"}}),
       "policy.yaml:3: clock_skew: expected a duration from 0s to 1h"},
      {Minimal({{"audience: broker", "audience: b\nclock_skew: 30"}}),
       "policy.yaml:3: clock_skew: "},
      {Minimal({{"issuer: https://as.example", "issuer: \"\""}}),
       "policy.yaml:4: issuers[0].issuer: required"},
      {Minimal({{"  jwks_file: as.json",
                 "  jwks_file: as.json\n- issuer: https://as.example\n"
                 "  jwks_file: as.json"}}),
       "policy.yaml:6: issuers[1].issuer: stands here for the second time"},
      {Minimal({{"  jwks_file: as.json\n", ""}}),
       "policy.yaml:4: issuers[0]: one of jwks_file, jwks_url and "
       "introspection is required"},
      {Minimal({{"as.json", "missing.json"}}),
       "policy.yaml:5: issuers[0].jwks_file: cannot read DIR/missing.json: "},
      {Minimal({{"jwks_file", "profile: rfc9999\n  jwks_file"}}),
       "policy.yaml:5: issuers[0].profile: "},
      {Minimal({{"store:", "decryption_keys_file: as.json\nstore:"}}),
       "policy.yaml:9: decryption_keys_file: as.json: keys[0]: d: missing"},
      {Minimal({{"store:", "decryption_keys_file: \"\"\nstore:"}}),
       "policy.yaml:9: decryption_keys_file: required"},
      {Minimal({{"public/#", "public/#/x"}}),
       "policy.yaml:7: public_topics[0].filter: expected an MQTT topic filter"},
      {Minimal({{"public/#", "$share/g/x"}}),
       "policy.yaml:7: public_topics[0].filter: expected an MQTT topic filter"},
      {Minimal({{"filter: public/#", "filter: \"\""}}),
       "policy.yaml:7: public_topics[0].filter: required"},
      {Minimal({{"[sub]", "[]"}}),
       "policy.yaml:8: public_topics[0].permissions: required"},
      {Minimal({{"[sub]", "[subscribe]"}}),
       "policy.yaml:8: public_topics[0].permissions[0]: "},
      {Minimal({{"[sub]", "[sub, pub, sub]"}}),
       "policy.yaml:8: public_topics[0].permissions[2]: stands here twice"},
      {Minimal({{"\n  memory: {}", " {}"}}),
       "policy.yaml:9: store: expected exactly one of"},
      {Minimal({{"memory: {}", "sqlite: none/policy.db"}}),
       "policy.yaml:10: store.sqlite: DIR/none/: No such file or directory"},
      {Minimal({{"memory: {}", "sqlite: as.json/policy.db"}}),
       "policy.yaml:10: store.sqlite: DIR/as.json/: "},
      {Minimal({{"memory: {}", "sqlite: \"\""}}),
       "policy.yaml:10: store.sqlite: required"},
      {Minimal({{"memory: {}", "memory: {}\n  sqlite: x"}}),
       "policy.yaml:11: store.sqlite: "},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(Complaint(c.yaml),
                ::testing::StartsWith(absl::StrCat("DIR/", c.complaint)));
  }
}

TEST_F(ConfigTest, NamesTheKeyThatIsWrong) {
  const struct {
    std::string jwks;
    const char* complaint;
  } kCases[] = {
      {"{", "issuers[0].jwks_file: as.json: "},
      {Jwks(""), "holds no key that can be used"},
      {Jwks(kP384Jwk), "holds no key that can be used: keys[0].crv: "},
      {Jwks(absl::StrCat(kEd25519Jwk,
                         R"(,{"kty":"OKP","crv":"Ed25519","x":"!"})")),
       "as.json: keys[1].x: "},
      {Jwks(absl::StrCat(kEd25519Jwk, ",", kShortJwk)),
       "as.json: issuer https://as.example: keys[1].k: HS256"},
  };
  for (const auto& c : kCases) {
    dir_.Write("as.json", c.jwks);
    EXPECT_THAT(Complaint(kMinimal), HasSubstr(c.complaint));
    EXPECT_THAT(Complaint(kMinimal), Not(HasSubstr("AAECAw")));
  }
}

TEST_F(ConfigTest, WarnsOfCertificatesThatAreNotValidForLong) {
  CertificateOptions options;
  options.not_before = -absl::Hours(48);
  options.not_after = -absl::Hours(1);
  const TestCertificate expired = TestCertificate::SelfSigned(options);
  dir_.Write("a.crt", expired.certificate_pem());
  dir_.Write("a.key", expired.private_key_pem());
  const auto config = Load(absl::StrCat(
      kMinimal,
      "tls: {certificate: a.crt, private_key: a.key, client_ca: a.crt}\n"
      "access: {proxies: [a]}\n"));
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_THAT(
      config->warnings,
      ElementsAre(
          HasSubstr("tls.certificate: a.crt: certificate 1 has expired"),
          HasSubstr("tls.client_ca: a.crt: certificate 1 has expired")));
}

TEST_F(ConfigTest, ChecksTheFilesOfTls) {
  const TestCertificate authority = TestCertificate::Authority("ca");
  const TestCertificate server = authority.Issue({});
  dir_.Write("policy.crt", server.certificate_pem());
  dir_.Write("policy.key", server.private_key_pem());
  dir_.Write("other.key", authority.private_key_pem());
  CertificateOptions weak;
  weak.key = CertificateOptions::Key::kRsa1024;
  dir_.Write("weak.crt", authority.Issue(weak).certificate_pem());
  const struct {
    const char* tls;
    const char* complaint;
  } kCases[] = {
      {"{private_key: policy.key}", "tls.certificate: required"},
      {"{certificate: policy.crt}", "tls.private_key: required"},
      {"{certificate: policy.crt, private_key: none}",
       "tls.private_key: cannot read DIR/none"},
      {"{certificate: policy.key, private_key: policy.key}",
       "tls.certificate: policy.key: no PEM certificate"},
      {"{certificate: policy.crt, private_key: policy.crt}",
       "tls.private_key: policy.crt: no PEM private key"},
      {"{certificate: policy.crt, private_key: other.key}",
       "tls.private_key: other.key: does not belong to the certificate"},
      {"{certificate: policy.crt, private_key: policy.key, client_ca: \"\"}",
       "tls.client_ca: required"},
      {"{certificate: policy.crt, private_key: policy.key, "
       "client_ca: policy.key}",
       "tls.client_ca: policy.key: no PEM certificate"},
      {"{certificate: weak.crt, private_key: policy.key}",
       "tls.certificate: weak.crt: certificate 1 is too weak for OpenSSL"},
      {"{certificate: policy.crt, private_key: policy.key, "
       "client_ca: weak.crt}",
       "tls.client_ca: weak.crt: certificate 1 is too weak for OpenSSL"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(Complaint(absl::StrCat(kMinimal, "tls: ", c.tls, "\n")),
                HasSubstr(absl::StrCat("DIR/policy.yaml:11: ", c.complaint)));
  }
}

TEST_F(ConfigTest, AccessGoesWithCertificates) {
  for (const char* tls :
       {"", "tls: {certificate: a.crt, private_key: a.key}\n"}) {
    const TestCertificate server = TestCertificate::SelfSigned({});
    dir_.Write("a.crt", server.certificate_pem());
    dir_.Write("a.key", server.private_key_pem());
    EXPECT_THAT(
        Complaint(absl::StrCat(kMinimal, tls, "access: {operators: [a]}\n")),
        HasSubstr("access: goes with tls.client_ca only"));
    EXPECT_THAT(Complaint(absl::StrCat(
                    kMinimal,
                    "tls: {certificate: a.crt, private_key: a.key, client_ca: "
                    "a.crt}\naccess: {operators: [a, \"\"]}\n")),
                HasSubstr("access.operators[1]: an empty name"));
  }
}

TEST_F(ConfigTest, WarnsOfWhoMayAskAsProxiesDo) {
  const auto elsewhere = Load(Minimal({{"127.0.0.1:0", "0.0.0.0:0"}}));
  ASSERT_TRUE(elsewhere.ok());
  EXPECT_THAT(elsewhere->warnings,
              ElementsAre("address: whoever can connect to 0.0.0.0:0 may ask "
                          "the service as a proxy does, but for pre-shared "
                          "keys; tls.client_ca and access.proxies would limit "
                          "it"));

  const TestCertificate server = TestCertificate::SelfSigned({});
  dir_.Write("a.crt", server.certificate_pem());
  dir_.Write("a.key", server.private_key_pem());
  const std::string tls = absl::StrCat(
      kMinimal,
      "tls: {certificate: a.crt, private_key: a.key, client_ca: a.crt}\n");
  const auto anybody = Load(absl::StrCat(tls, "access: {operators: [a]}\n"));
  ASSERT_TRUE(anybody.ok());
  EXPECT_THAT(anybody->warnings,
              ElementsAre("access.proxies: whoever has a certificate of "
                          "tls.client_ca may ask the service as a proxy does; "
                          "names would limit it"));
  const auto nobody = Load(tls);
  ASSERT_TRUE(nobody.ok());
  EXPECT_THAT(nobody->warnings,
              ElementsAre(HasSubstr("nobody may manage the service"),
                          anybody->warnings[0]));
  const auto named = Load(absl::StrCat(tls, "access: {proxies: [a]}\n"));
  ASSERT_TRUE(named.ok());
  EXPECT_THAT(named->warnings, IsEmpty());
}

TEST_F(ConfigTest, SaysThatTheFileIsMissing) {
  const absl::Status status =
      LoadConfig(dir_.path() + "/none.yaml", Hosting::kStandalone).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("none.yaml"));
}

}  // namespace
}  // namespace sluice::policy
