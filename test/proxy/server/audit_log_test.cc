#include "proxy/server/audit_log.h"

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "test/testing/test_certificates.h"

namespace sluice::server {
namespace {

using ::nlohmann::json;
using ::sluice::session::Action;
using ::sluice::session::Decision;
using ::sluice::session::DecisionId;
using ::sluice::session::Verdict;

Decision Sample() {
  Decision decision;
  decision.time = absl::FromUnixMicros(1769860800123456);
  decision.id = DecisionId::Make(decision.time, {1, 2, 3, 4, 5, 6, 7, 8});
  decision.action = Action::kPublish;
  decision.verdict = Verdict::kDenied;
  decision.reason_code = 0x87;
  decision.session_id = "000000000000002a";
  decision.client.listener = "mqtts";
  decision.client.address = "192.0.2.1:4711";
  decision.client.client_id = "pump-7";
  decision.client.subject = "alice";
  decision.client.issuer = "https://as.example";
  decision.client.token_id = "t-1";
  decision.topic = "valve/1";
  decision.rule = "outside the scope";
  return decision;
}

TEST(AuditLineTest, HasAllThatIsKnown) {
  EXPECT_EQ(AuditLine("host-1", Sample()),
            R"({"time":"2026-01-31T12:00:00.123456Z",)"
            R"("decision_id":"019c13ec-9e7b-774b-8102-030405060708",)"
            R"("action":"publish","result":"denied","reason_code":135,)"
            R"("topic":"valve/1","rule":"outside the scope",)"
            R"("proxy":"host-1","session_id":"000000000000002a",)"
            R"("listener":"mqtts","client_address":"192.0.2.1:4711",)"
            R"("client_id":"pump-7","protocol_version":"5.0",)"
            R"("subject":"alice","issuer":"https://as.example",)"
            R"("token_id":"t-1"})"
            "\n");
}

TEST(AuditLineTest, SaysWhereTheTokenNeedNotBeTheClients) {
  Decision decision = Sample();
  EXPECT_FALSE(json::parse(AuditLine("p", decision)).contains("proven"));
  decision.client.unproven = true;
  const json line = json::parse(AuditLine("p", decision));
  EXPECT_EQ(line["proven"], false);
  EXPECT_EQ(line["subject"], "alice");
}

TEST(AuditLineTest, LeavesOutWhatIsNotKnown) {
  Decision decision;
  decision.time = absl::UnixEpoch();
  decision.version = mqtt::ProtocolVersion::kV311;
  decision.latency = absl::Microseconds(812);
  const json line = json::parse(AuditLine("p", decision));
  EXPECT_EQ(line["protocol_version"], "3.1.1");
  EXPECT_EQ(line["latency_us"], 812);
  for (const char* key : {"topic", "rule", "client_id", "subject", "issuer",
                          "token_id", "session_id"}) {
    EXPECT_FALSE(line.contains(key)) << key;
  }
}

TEST(AuditLineTest, TellsAShadowFromADenial) {
  Decision decision = Sample();
  EXPECT_FALSE(json::parse(AuditLine("p", decision)).contains("mode"));
  decision.shadow = true;
  const json line = json::parse(AuditLine("p", decision));
  EXPECT_EQ(line["mode"], "shadow");
  EXPECT_EQ(line["result"], "denied");
}

TEST(AuditLineTest, EscapesWhatOthersChose) {
  Decision decision = Sample();
  decision.client.client_id = "a\"},\n{\"result\":\"allowed\\";
  decision.topic = "\x1b[2J\xff";
  const std::string line = AuditLine("p", decision);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  const json parsed = json::parse(line);
  EXPECT_EQ(parsed["client_id"], std::string(decision.client.client_id));
  EXPECT_EQ(parsed["topic"], "\x1b[2J\xEF\xBF\xBD");
  EXPECT_EQ(parsed["result"], "denied");
}

TEST(AuditLineTest, CutsWhatOthersChose) {
  Decision decision = Sample();
  const std::string controls(65535, '\x01');
  // 255 bytes, and a character of two over the edge.
  const std::string edge = std::string(255, 'x') + "\xC3\xA4" + "yyy";
  const std::string fits(256, 'z');
  decision.topic = controls;
  decision.client.client_id = edge;
  decision.client.subject = fits;
  decision.client.issuer = controls;
  decision.client.token_id = controls;
  decision.rule = controls;
  const std::string line = AuditLine("p", decision);
  EXPECT_LT(line.size(), 10000u);
  const json parsed = json::parse(line);
  EXPECT_EQ(parsed["client_id"], std::string(255, 'x') + "\xE2\x80\xA6");
  EXPECT_EQ(parsed["subject"], fits);
}

class CountingSink : public LogSinkInterface {
 public:
  void Write(absl::string_view) override {}
};

TEST(AuditLogTest, WritesALineADecision) {
  const sluice::testing::TempDir dir;
  const std::string path = absl::StrCat(dir.path(), "/audit.log");
  CountingSink sink;
  Logger logger(&sink, LogLevel::kInfo, LogFormat::kText);
  {
    auto writer = LineWriter::Open(path, &logger);
    ASSERT_TRUE(writer.ok());
    AuditLog log("p", writer->get());
    log.OnDecision(Sample());
    Decision allowed = Sample();
    allowed.verdict = Verdict::kAllowed;
    log.OnDecision(allowed);
  }
  std::ifstream file(path);
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_EQ(json::parse(line)["result"], "denied");
  ASSERT_TRUE(std::getline(file, line));
  EXPECT_EQ(json::parse(line)["result"], "allowed");
  EXPECT_FALSE(std::getline(file, line));
}

}  // namespace
}  // namespace sluice::server
