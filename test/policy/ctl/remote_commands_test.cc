// The commands that ask a server, against a real one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "nlohmann/json.hpp"
#include "policy/ctl/program.h"
#include "proto/sluice/admin/v1/rule.grpc.pb.h"
#include "test/policy/ctl/remote_harness.h"
#include "test/policy/service/watching_proxy.h"
#include "test/testing/dead_proxy.h"
#include "test/testing/test_certificates.h"

// covers: ACE-EXP-4

namespace sluice::ctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

using RemoteCommandsTest = RemoteHarness;

TEST_F(RemoteCommandsTest, RevokesListsAndTakesBack) {
  EXPECT_EQ(Output({"revocation", "list"}),
            "NAME  KIND  VALUE  ISSUER  CREATED  EXPIRES  REASON\n");
  EXPECT_THAT(Output({"revoke", "token", "t-1"}), HasSubstr("token  t-1"));
  const Json subject =
      OutputJson({"revoke", "subject", "alice", "--issuer", "https://as",
                  "--reason", "left", "--expires-in", "24h"});
  EXPECT_EQ(subject["subject"], "alice");
  EXPECT_EQ(subject["issuer"], "https://as");
  EXPECT_EQ(subject["reason"], "left");
  EXPECT_EQ(subject["expireTime"], "2023-11-15T22:13:20Z");
  Output({"revoke", "key", "--", "--thumbprint"});

  const Json list = OutputJson({"revocation", "list"});
  ASSERT_EQ(list["revocations"].size(), 3u);
  EXPECT_THAT(
      Output({"revocation", "list"}),
      AllOf(HasSubstr("subject  alice         https://as  "
                      "2023-11-14T22:13:20Z  2023-11-15T22:13:20Z  left"),
            HasSubstr("key      --thumbprint  -           "
                      "2023-11-14T22:13:20Z  -")));

  const std::string name = subject["name"];
  EXPECT_EQ(Output({"revocation", "delete", name}), "");
  EXPECT_EQ(Failure({"revocation", "delete", name}),
            absl::StrCat("sluicectl: revocation delete: there is no ", name,
                         " (NOT_FOUND)\n"));
  const std::string other = list["revocations"][0]["name"] == name
                                ? list["revocations"][1]["name"]
                                : list["revocations"][0]["name"];
  EXPECT_THAT(Failure({"revocation", "delete", other, "--etag", "x"}),
              HasSubstr("(ABORTED)"));
  EXPECT_EQ(Output({"revocation", "delete", other.substr(other.find('/') + 1)}),
            "");
}

TEST_F(RemoteCommandsTest, RevokesTheTokenInAFile) {
  const std::string key = absl::StrCat(dir_.path(), "/as.json");
  Output({"dev", "keygen", "--alg", "EdDSA", "--out", key});
  for (const char* format : {"jwt", "cwt"}) {
    const std::vector<std::string> token = {
        "dev",        "token",        "--key",
        key,          "--issuer",     "https://as",
        "--audience", "broker",       "--subject",
        "alice",      "--expires-in", "1h",
        "--cnf-key",  key + ".pub",   "--format",
        format,       "--out",        dir_.path() + "/" + format};
    Output(token);
    const std::string file = dir_.path() + "/" + format;
    const Json revoked = OutputJson({"revoke", "token", "--token-file", file});
    EXPECT_FALSE(revoked["tokenId"].get<std::string>().empty());
    EXPECT_EQ(revoked["issuer"], "https://as");
    EXPECT_EQ(revoked["expireTime"], "2023-11-15T00:13:20Z");
    EXPECT_THAT(Run({"revoke", "token", "--token-file", file}).err,
                HasSubstr("was there already, and stands until "
                          "2023-11-15T00:13:20Z"));
  }
  // {"iss":"as","jti":"t","aud":"b","exp":253402300799}
  const std::string lasting = dir_.Write(
      "lasting",
      "eyJhbGciOiJFZERTQSJ9.eyJpc3MiOiJhcyIsImp0aSI6InQiLCJhdWQiOiJiIiwiZXhw"
      "IjoyNTM0MDIzMDA3OTl9.AA");
  const Json for_good =
      OutputJson({"revoke", "token", "--token-file", lasting});
  EXPECT_EQ(for_good["tokenId"], "t");
  EXPECT_FALSE(for_good.contains("expireTime"));
  EXPECT_THAT(Failure({"revoke", "token", "--token-file",
                       dir_.Write("reference", "opaque")}),
              HasSubstr("reference: neither a JWT nor a CWT"));
  EXPECT_THAT(Failure({"revoke", "token", "--token-file",
                       dir_.Write("junk", "e30.e30.e30")}),
              HasSubstr("junk: "));
}

TEST_F(RemoteCommandsTest, OfTwoRevocationsTheLaterEndStays) {
  const std::vector<std::string> alice = {"revoke", "subject", "alice"};
  // What is said, and the end that the list then shows.
  const auto again = [this, &alice](const std::vector<std::string>& options) {
    std::vector<std::string> arguments = alice;
    arguments.insert(arguments.end(), options.begin(), options.end());
    const Result result = Run(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    const Json list = OutputJson({"revocation", "list"})["revocations"];
    EXPECT_EQ(list.size(), 1u);
    const Json& shown = list[0];
    EXPECT_THAT(result.out, HasSubstr(shown["name"].get<std::string>()));
    return std::make_pair(result.err, shown);
  };
  auto [said, shown] = again({"--expires-in", "1h", "--reason", "lost"});
  EXPECT_EQ(said, "");
  EXPECT_EQ(shown["expireTime"], "2023-11-14T23:13:20Z");
  std::tie(said, shown) = again({"--expires-in", "2h"});
  EXPECT_EQ(said, absl::StrCat("sluicectl: ", shown["name"].get<std::string>(),
                               " was there already, until "
                               "2023-11-14T23:13:20Z, and stands until "
                               "2023-11-15T00:13:20Z now\n"));
  EXPECT_EQ(shown["expireTime"], "2023-11-15T00:13:20Z");
  EXPECT_EQ(shown["reason"], "lost");
  std::tie(said, shown) = again({"--expires-in", "1m", "--reason", "stolen"});
  EXPECT_EQ(shown["expireTime"], "2023-11-15T00:13:20Z");
  EXPECT_EQ(shown["reason"], "stolen");
  std::tie(said, shown) = again({});
  EXPECT_THAT(said, HasSubstr("and stands for good now"));
  EXPECT_FALSE(shown.contains("expireTime"));
  std::tie(said, shown) = again({"--expires-in", "1h"});
  EXPECT_THAT(said, HasSubstr("was there already, and stands for good\n"));
  EXPECT_FALSE(shown.contains("expireTime"));
}

TEST_F(RemoteCommandsTest, ARevocationMayEndWithinASecond) {
  const std::vector<std::string> alice = {"revoke", "subject", "alice",
                                          "--expires-in"};
  const auto end_after = [this, &alice](const char* duration) {
    std::vector<std::string> arguments = alice;
    arguments.push_back(duration);
    const Result result = Run(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    return OutputJson({"revocation", "list"})["revocations"][0]["expireTime"];
  };
  EXPECT_EQ(end_after("500ms"), "2023-11-14T22:13:20.500Z");
  EXPECT_EQ(end_after("750ms"), "2023-11-14T22:13:20.750Z");
  EXPECT_EQ(end_after("600ms"), "2023-11-14T22:13:20.750Z");
}

TEST_F(RemoteCommandsTest, NotesThatACtiIsWrittenInLowerCase) {
  for (const char* id : {"ABCDEF01", "0A", "abCD"}) {
    const Result result = Run({"revoke", "token", id});
    EXPECT_EQ(result.status, 0);
    EXPECT_THAT(result.err, HasSubstr("lower case")) << id;
  }
  // A jti, most probably.
  for (const char* id : {"abcdef01", "0123", "ABC", "ABCD-1", "G0"}) {
    Output({"revoke", "token", id});
  }
  Output({"revoke", "subject", "ABCDEF01"});
}

TEST_F(RemoteCommandsTest, ShowsWhatTheServerComplainsOf) {
  EXPECT_EQ(
      Failure({"revoke", "subject", std::string(4097, 'x'), "--reason",
               std::string(1025, 'x')}),
      "sluicectl: revoke subject: revocation.target: expected 1 to 4096 bytes "
      "(INVALID_ARGUMENT)\n"
      "  revocation.reason: longer than 1024 bytes\n");
  server_->Shutdown(absl::ZeroDuration());
  EXPECT_THAT(Failure({"revocation", "list"}), HasSubstr("(UNAVAILABLE)"));
}

TEST_F(RemoteCommandsTest, WhatTheServerQuotesSteersNoTerminal) {
  const std::string failure =
      Failure({"issuer", "delete", "x\u009b2J\u202e\x1b[2J"});
  EXPECT_THAT(failure, HasSubstr("x?2J??[2J"));
  for (const char* steering : {"\u009b", "\u202e", "\x1b"}) {
    EXPECT_THAT(failure, Not(HasSubstr(steering)));
  }
  EXPECT_EQ(Failure({"check\u009b2J"}, 2),
            "sluicectl: unknown command \"check?2J\"\n"
            "try: sluicectl --help\n");
}

TEST_F(RemoteCommandsTest, WrongUsageAsksNobody) {
  server_->Shutdown(absl::ZeroDuration());
  const struct {
    std::vector<std::string> arguments;
    const char* complaint;
  } kCases[] = {
      {{"revoke", "token"}, "give TOKEN_ID or --token-file"},
      {{"revoke", "token", "a", "--token-file", "f"},
       "give TOKEN_ID or --token-file"},
      {{"revoke", "subject"}, "SUBJECT is missing"},
      {{"revoke", "subject", "a", "b"}, "unexpected argument \"b\""},
      {{"revoke", "subject", "a", "--expires-in", "soon"}, "--expires-in"},
      {{"revoke", "subject", "a", "--expires-in", "-1h"}, "--expires-in"},
      {{"revoke", "subject", "a", "--issuer", ""}, "--issuer has an empty"},
      {{"rule", "delete", "r", "--etag="}, "--etag has an empty value"},
      {{"check", "--subject", "", "--publish", "a"}, "--subject has an empty"},
      {{"--output", "xml", "revocation", "list"}, "--output"},
      {{"--output", "xml", "revoke", "subject", "a"}, "--output"},
      {{"--output", "xml", "revocation", "delete", "a"}, "--output"},
      {{"--output", "xml", "check", "--anonymous", "--publish", "a"},
       "--output"},
      {{"revoke", "subject", ""}, "SUBJECT is empty"},
      {{"revoke", "key", ""}, "KEY is empty"},
      {{"revoke", "token", ""}, "TOKEN_ID is empty"},
      {{"revoke", "subject", "a\xff"}, "SUBJECT is not UTF-8"},
      {{"revoke", "subject", "a", "--reason", "\xff"}, "--reason is not UTF-8"},
      {{"session", "list", "--client-id=\xff"}, "--client-id is not UTF-8"},
      {{"session", "disconnect"}, "NAME is missing"},
      {{"token", "inspect"}, "NAME is missing"},
      {{"check", "--subject", "a"}, "give one of --publish and --subscribe"},
      {{"check", "--subject", "a", "--publish", "a/#"},
       "--publish is no topic name"},
      {{"check", "--subject", "a", "--subscribe", "a#"},
       "--subscribe is no topic filter"},
      {{"check", "--publish", "a"}, "give one of --subject and --anonymous"},
      {{"check", "--subject", "a", "--subscribe", "a", "--qos", "1"},
       "--qos goes with --publish"},
      {{"check", "--subject", "a", "--publish", "a", "--qos", "3"},
       "--qos is no number from 0 to 2"},
      {{"check", "--subject", "a", "--publish", "a", "--bytes", "+5"},
       "--bytes is no number"},
      {{"decisions", "watch", "--count", "+5"}, "--count is not a number"},
      {{"revocation", "list", "--certificate", "c"}, "--certificate and --key"},
      {{"revocation", "list", "--certificate", "c", "--key", "k"},
       "--certificate needs --ca"},
      {{"--server", "x", "revocation", "list", "--server", "y"},
       "--server is given twice"},
      {{"--server", "127.0.0.1", "rule", "list"},
       "--server 127.0.0.1: expected HOST:PORT"},
      {{"--server", "127.0.0.1:abc", "rule", "list"},
       "--server 127.0.0.1:abc: expected a port from 0 to 65535"},
      {{"--server", "127.0.0.1:0", "rule", "list"}, "name the port"},
      {{"--server", "http://127.0.0.1:1", "rule", "list"},
       "--server http://127.0.0.1:1: expected HOST:PORT"},
      {{"dev", "keygen", "--server", "x"}, "unknown option --server"},
      {{"--server"}, "no command"},
  };
  for (const auto& c : kCases) {
    EXPECT_THAT(Failure(c.arguments, 2), HasSubstr(c.complaint));
  }
}

TEST_F(RemoteCommandsTest, TheServerMayBeNamedOnEitherSide) {
  const std::string address = server_->address();
  EXPECT_EQ(
      Run({absl::StrCat("--server=", address), "revocation", "list"}).status,
      0);
  EXPECT_EQ(Run({"revocation", "list", "--server", address}).status, 0);
  EXPECT_EQ(Run({"--server", "unix:/none", "revocation", "list"}).status, 1);
}

TEST_F(RemoteCommandsTest, WatchesDecisions) {
  const auto stub = policy::v1::PolicyService::NewStub(grpc::CreateChannel(
      server_->address(), grpc::InsecureChannelCredentials()));
  policy::WatchingProxy proxy(stub.get(), "p");
  proxy.ReadAll();
  policy::v1::WatchRequest told;
  policy::v1::Decision& decision = *told.mutable_decisions()->add_decisions();
  decision.set_id("id-1");
  decision.mutable_time()->set_seconds(1'700'000'000);
  decision.set_action(policy::v1::Decision::ACTION_STORE_TOKEN);
  decision.set_result(policy::v1::Decision::RESULT_DENIED);
  decision.set_reason_code(0x87);
  decision.set_subject("alice\n");
  decision.set_topic("a/b");
  *told.mutable_decisions()->add_decisions() = decision;
  told.mutable_decisions()->mutable_decisions(1)->set_rule("rules/r");
  told.mutable_decisions()->mutable_decisions(1)->set_shadow(true);
  const auto watch = [&](std::vector<std::string> arguments) {
    auto result = std::async(std::launch::async,
                             [this, arguments] { return Output(arguments); });
    EXPECT_TRUE(proxy.Read().watch_decisions().enabled());
    proxy.Send(told);
    std::string output = result.get();
    EXPECT_FALSE(proxy.Read().watch_decisions().enabled());
    return output;
  };
  EXPECT_EQ(watch({"decisions", "watch", "--count", "2", "--action",
                   "store_token", "--result", "denied"}),
            "TIME                      RESULT   ACTION          CODE  SUBJECT  "
            "CLIENT ID  TOPIC  RULE  ID\n"
            "2023-11-14T22:13:20.000Z  denied   store_token     0x87  alice?  "
            "-  a/b  -  id-1\n"
            "2023-11-14T22:13:20.000Z  denied   store_token     0x87  alice?  "
            "-  a/b  rules/r (shadow)  id-1\n");
  const std::string lines =
      watch({"--output", "json", "decisions", "watch", "--count", "2"});
  const size_t end = lines.find('\n');
  const Json first = Json::parse(lines.substr(0, end), nullptr, false);
  EXPECT_EQ(first["proxy"], "p");
  EXPECT_EQ(first["decision"]["action"], "ACTION_STORE_TOKEN");
  const Json second = Json::parse(lines.substr(end + 1), nullptr, false);
  EXPECT_EQ(second["decision"]["shadow"], true);

  EXPECT_THAT(Failure({"decisions", "watch", "--count", "0"}, 2),
              HasSubstr("--count"));
  EXPECT_THAT(Failure({"decisions", "watch", "--action", "talk"}, 2),
              HasSubstr("--action is none of connect, publish, "));
}

TEST_F(RemoteCommandsTest, ChecksAndExplains) {
  Output({"public-topic", "put", "news/#", "--permissions", "sub"});
  EXPECT_EQ(Output({"check", "--anonymous", "--subscribe", "news/a"}),
            "yes: granted by public\n");
  Result denied = Run({"check", "--anonymous", "--publish", "news/a"});
  EXPECT_EQ(denied.status, 1);
  EXPECT_EQ(denied.out, "no: outside the scope\n");
  EXPECT_EQ(denied.err, "");
  denied = Run({"check", "--subject", "alice", "--publish", "a", "--explain"});
  EXPECT_EQ(denied.status, 1);
  EXPECT_THAT(denied.out,
              AllOf(StartsWith("no: no token of the subject is stored\n"),
                    HasSubstr("NEEDED"), HasSubstr("authz-info")));
  const Json json =
      OutputJson({"check", "--anonymous", "--subscribe", "news/a"});
  EXPECT_EQ(json["allowed"], true);
  denied =
      Run({"check", "--anonymous", "--publish", "news/a", "--output", "json"});
  EXPECT_EQ(denied.status, 1);
  const Json no = Json::parse(denied.out, nullptr, false);
  EXPECT_EQ(no["allowed"], false);
  EXPECT_EQ(no["cases"][0]["allowed"], false);
  EXPECT_EQ(json["cases"][0]["grantedBy"], "public");
  EXPECT_THAT(Output({"check", "--help"}), HasSubstr("gets no answer itself"));
  EXPECT_THAT(
      Failure({"check", "--subject", "a", "--publish", "a", "--mqtt", "4"}, 3),
      HasSubstr("query.protocol_version: "));
  EXPECT_THAT(Output({"check", "--help"}),
              StartsWith("usage: sluicectl check [--subject SUBJECT]"));
}

TEST_F(RemoteCommandsTest, ListsStoredTokens) {
  EXPECT_EQ(Output({"token", "list"}),
            "NAME  SUBJECT  ISSUER  CLIENT ID  KEPT UNTIL\n");
  EXPECT_THAT(Failure({"token", "inspect", "none"}),
              HasSubstr("there is no tokens/none (NOT_FOUND)"));
}

TEST_F(RemoteCommandsTest, ManagesRules) {
  Serve("checkers: [{name: db, address: '127.0.0.1:1'}]\n");
  const std::string file = dir_.Write("rule.yaml", R"(
description: devices keep to their own topics
publish: true
subscribe: true
topic_filters: ["devices/#"]
except_topic_filters: ["devices/${client_id}/#"]
deny: {}
)");
  Output({"rule", "put", "own", "--file", file, "--mode", "shadow"});
  EXPECT_THAT(Output({"rule", "list"}),
              HasSubstr("rules/own  shadow  deny    pub,sub  devices/# but "
                        "devices/${client_id}/#  all  devices keep"));
  const Json changed =
      OutputJson({"rule", "put", "rules/own", "--mode", "enforce"});
  EXPECT_EQ(changed["mode"], "MODE_ENFORCE");
  EXPECT_EQ(changed["description"], "devices keep to their own topics");
  EXPECT_EQ(OutputJson({"rule", "get", "own"}), changed);
  EXPECT_THAT(
      Failure({"rule", "put", "own", "--mode", "shadow", "--etag", "9"}),
      HasSubstr("(ABORTED)"));
  const std::string limits =
      dir_.Write("limits.yaml",
                 "publish: true\nsubscribe: true\nlimits: {max_qos: 1, "
                 "max_publishes_per_second: 10, max_payload_bytes: 1024, "
                 "max_subscriptions: 5, no_retain: true, no_will: true}\n");
  EXPECT_THAT(Output({"rule", "put", "limits", "--file", limits}),
              HasSubstr("limit: QoS 1, no retain, no Will, 1024 bytes, 10/s, 5 "
                        "subscriptions  pub,sub  all     all  -"));
  EXPECT_THAT(Output({"rule", "put", "asked", "--publish", "--checker", "db"}),
              HasSubstr("rules/asked  enforce  ask db  pub  all"));
  EXPECT_THAT(Failure({"rule", "put", "r", "--publish", "--checker", "x"}),
              HasSubstr("this service has no checker \"x\""));
  EXPECT_EQ(Output({"rule", "delete", "own", "--output", "json"}), "{}\n");
  EXPECT_THAT(Failure({"rule", "get", "own"}), HasSubstr("(NOT_FOUND)"));

  EXPECT_THAT(Failure({"rule", "put", "r"}, 2), HasSubstr("give --file"));
  EXPECT_THAT(Failure({"rule", "put", "r", "--mode", "on"}, 2),
              HasSubstr("--mode is neither"));
  EXPECT_THAT(Failure({"rule", "put", "r", "--file",
                       dir_.Write("bad.yaml", "publish: true\ndenny: {}\n")}),
              HasSubstr("bad.yaml:2: denny: unknown field; did you mean"));
  EXPECT_THAT(Failure({"rule", "put", "r", "--file",
                       dir_.Write("name.yaml", "name: rules/x\n")}),
              HasSubstr("name.yaml:1: name: is not rules/r"));
  for (const char* name : {"latin1.yaml", "latin1.json"}) {
    EXPECT_THAT(Failure({"rule", "put", "r", "--file",
                         dir_.Write(name,
                                    "{publish: true,\n\"description\": "
                                    "\"caf\xe9\", \"deny\": {}}")}),
                HasSubstr(absl::StrCat(name, ":2: not UTF-8\n")));
  }
  EXPECT_THAT(Failure({"rule", "put", "r", "--file",
                       dir_.Write("no.yaml", "publish: true\n")}),
              HasSubstr("rule.deny: expected one of deny, limits and "
                        "external_check"));
}

// What was got may be edited and put; an edit by somebody else is noticed.
TEST_F(RemoteCommandsTest, PutsTheRuleThatItPrinted) {
  // A limit that is not there is not printed, as if it were 0.
  Output({"rule", "put", "limit", "--publish", "--max-qos", "1"});
  const Json limit = OutputJson({"rule", "get", "limit"});
  EXPECT_EQ(limit["limits"],
            Json({{"maxQos", 1}, {"noRetain", false}, {"noWill", false}}));
  EXPECT_FALSE(limit.contains("deny"));
  Output({"rule", "put", "limit", "--file",
          dir_.Write("limit.json", limit.dump())});
  const Json rule = OutputJson({"rule", "put", "r", "--deny", "--publish",
                                "--clients", "with_token", "--mode", "shadow"});
  const std::string file =
      dir_.Write("rule.json", Output({"--output", "json", "rule", "get", "r"}));
  const Json again = OutputJson({"rule", "put", "r", "--file", file});
  EXPECT_NE(again["etag"], rule["etag"]);
  EXPECT_EQ(again["match"], rule["match"]);
  EXPECT_EQ(again["mode"], "MODE_SHADOW");
  EXPECT_THAT(Failure({"rule", "put", "r", "--file", file}),
              HasSubstr("(ABORTED)"));
  Output({"rule", "put", "r", "--file", file, "--etag", again["etag"]});
  EXPECT_THAT(Failure({"rule", "put", "s", "--file", file}),
              HasSubstr("rule.json:1: name: is not rules/s"));
  EXPECT_THAT(Failure({"rule", "put", "r", "--file",
                       dir_.Write("bad.json", "{\n \"publish\": 7}")}),
              HasSubstr("bad.json:2: publish: expected true or false"));
}

TEST_F(RemoteCommandsTest, PutsRulesThatOptionsSay) {
  const Json all = OutputJson({"rule",
                               "put",
                               "all",
                               "--max-qos=1",
                               "--no-retain",
                               "--no-will",
                               "--max-payload-bytes=4294967296",
                               "--max-publishes-per-second=10",
                               "--max-subscriptions=0",
                               "--publish",
                               "--subscribe",
                               "--topic=a/#",
                               "--topic",
                               "b",
                               "--except=a/${subject}",
                               "--issuer=https://as",
                               "--subject=plant-*",
                               "--subject=alice",
                               "--client-id=pump-7",
                               "--client-address=10.0.0.0/8",
                               "--protocol-version=5.0",
                               "--listener=mqtts",
                               "--clients=with_token",
                               "--description=d"});
  const Json expected = {{"name", "rules/all"},
                         {"etag", all["etag"]},
                         {"description", "d"},
                         {"mode", "MODE_ENFORCE"},
                         {"match",
                          {{"clients", "CLIENTS_WITH_TOKEN"},
                           {"issuers", {"https://as"}},
                           {"subjects", {"plant-*", "alice"}},
                           {"clientIds", {"pump-7"}},
                           {"clientAddresses", {"10.0.0.0/8"}},
                           {"protocolVersions", {"5.0"}},
                           {"listeners", {"mqtts"}}}},
                         {"publish", true},
                         {"subscribe", true},
                         {"topicFilters", {"a/#", "b"}},
                         {"exceptTopicFilters", {"a/${subject}"}},
                         {"limits",
                          {{"maxQos", 1},
                           {"noRetain", true},
                           {"noWill", true},
                           {"maxPayloadBytes", "4294967296"},
                           {"maxPublishesPerSecond", 10},
                           {"maxSubscriptions", 0}}}};
  EXPECT_EQ(all, expected);
  EXPECT_THAT(Output({"rule", "list"}),
              HasSubstr("token issuer=https://as subject=plant-*|alice "
                        "client_id=pump-7 address=10.0.0.0/8 version=5.0 "
                        "listener=mqtts"));
  const struct {
    std::vector<std::string> options;
    const char* complaint;
  } kCases[] = {
      {{"--publish"}, "give --deny, --checker or some limits"},
      {{"--publish", "--deny", "--checker", "c"},
       "give --deny, --checker or some limits"},
      {{"--publish", "--deny", "--no-will"},
       "give --deny, --checker or some limits"},
      {{"--publish", "--max-qos", "high"}, "--max-qos is no number"},
      {{"--publish", "--max-qos=4294967296"}, "--max-qos is no number"},
      {{"--deny=yes"}, "--deny takes no value"},
      {{"--deny", "--clients", "all"}, "--clients is neither"},
      {{"--deny", "--file", "f"}, "--file says the rule, or options do"},
  };
  for (auto c : kCases) {
    c.options.insert(c.options.begin(), {"rule", "put", "r"});
    EXPECT_THAT(Failure(c.options, 2), HasSubstr(c.complaint));
  }
  EXPECT_THAT(Failure({"rule", "put", "r", "--deny"}),
              HasSubstr("rule.publish: expected at least one"));
  EXPECT_THAT(Output({"rule", "put", "--help"}),
              AllOf(HasSubstr("[--deny] "), HasSubstr("[--topic FILTER]..."),
                    HasSubstr("on these topics; default: all; repeatable")));
}

// covers: ACE-SCP-6
TEST_F(RemoteCommandsTest, ManagesPublicTopics) {
  Serve("public_topics: [{filter: file/#, permissions: [pub]}]\n");
  const Json written =
      OutputJson({"public-topic", "put", "news/#", "--permissions", "sub"});
  EXPECT_EQ(written["topicFilter"], "news/#");
  EXPECT_EQ(written["subscribe"], true);
  EXPECT_EQ(written["publish"], false);
  EXPECT_THAT(Output({"public-topic", "list"}),
              AllOf(HasSubstr("news/#  sub          store"),
                    HasSubstr("file/#  pub          configuration")));
  EXPECT_THAT(
      Output({"public-topic", "put", "news/#", "--permissions", "pub,sub"}),
      HasSubstr("pub,sub"));
  EXPECT_THAT(Failure({"public-topic", "put", "news/#", "--permissions", "pub",
                       "--etag", written["etag"]}),
              HasSubstr("(ABORTED)"));
  for (const std::vector<std::string>& change :
       {std::vector<std::string>{"public-topic", "put", "file/#",
                                 "--permissions", "sub"},
        {"public-topic", "delete", "file/#"}}) {
    EXPECT_THAT(Failure(change), HasSubstr("(FAILED_PRECONDITION)"));
  }
  EXPECT_EQ(Output({"public-topic", "delete", "news/#"}), "");
  EXPECT_THAT(Failure({"public-topic", "delete", "news/#"}),
              HasSubstr("there is no public topic news/#"));
  EXPECT_THAT(Failure({"public-topic", "put", "a", "--permissions", "all"}, 2),
              HasSubstr("--permissions"));
}

TEST_F(RemoteCommandsTest, ListsAndEndsSessions) {
  EXPECT_EQ(OutputJson({"session", "list"})["sessions"], Json::array());
  const auto stub = policy::v1::PolicyService::NewStub(grpc::CreateChannel(
      server_->address(), grpc::InsecureChannelCredentials()));
  policy::WatchingProxy proxy(stub.get(), "proxy-1");
  proxy.ReadAll();
  auto list = std::async(std::launch::async, [this] {
    return Output({"session", "list", "--subject", "alice"});
  });
  const policy::v1::SessionQuery query = proxy.Read().list_sessions();
  EXPECT_EQ(query.subject(), "alice");
  proxy.Answer(query, "7");
  EXPECT_THAT(list.get(), AllOf(StartsWith("NAME "),
                                HasSubstr("proxies/proxy-1/sessions/7  "
                                          "client-7   -")));
  auto disconnected = std::async(std::launch::async, [this] {
    return Output({"session", "disconnect", "proxies/proxy-1/sessions/7"});
  });
  proxy.Answer(proxy.Read().list_sessions(), "7");
  EXPECT_EQ(proxy.Read().disconnect_sessions().session_ids(0), "7");
  EXPECT_EQ(disconnected.get(), "");
  EXPECT_THAT(Failure({"session", "disconnect", "7"}),
              HasSubstr("name: expected \"proxies/PROXY/sessions/ID\""));
}

TEST_F(RemoteCommandsTest, SaysWhichFileOfTlsCannotBeUsed) {
  const auto authority = testing::TestCertificate::Authority("ca");
  const auto admin = authority.Issue({});
  const std::string ca = dir_.Write("ca.crt", authority.certificate_pem());
  const std::string certificate =
      dir_.Write("admin.crt", admin.certificate_pem());
  const std::string key = dir_.Write("ca.key", authority.private_key_pem());
  EXPECT_EQ(Failure({"rule", "list", "--ca", key}),
            "sluicectl: rule list: --ca " + key + ": no PEM certificate\n");
  EXPECT_EQ(
      Failure({"rule", "list", "--ca", ca, "--certificate", key, "--key", key}),
      "sluicectl: rule list: --certificate " + key + ": no PEM certificate\n");
  EXPECT_EQ(Failure({"rule", "list", "--ca", ca, "--certificate", certificate,
                     "--key", key}),
            "sluicectl: rule list: --key " + key +
                ": does not belong to the certificate\n");
}

TEST_F(RemoteCommandsTest, OnlyThisProgramWritesToStandardError) {
  const auto authority = testing::TestCertificate::Authority("ca");
  const std::string ca = dir_.Write("ca.crt", authority.certificate_pem());
  dir_.Write("server.crt", authority.certificate_pem());
  dir_.Write("server.key", authority.private_key_pem());
  Serve("tls: {certificate: server.crt, private_key: server.key}\n");
  const std::string other = dir_.Write(
      "other.crt", testing::TestCertificate::Authority("b").certificate_pem());
  ::testing::internal::CaptureStderr();
  const std::string failure = Failure({"rule", "list", "--ca", other});
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(failure, HasSubstr("certificate verify failed"));
}

TEST_F(RemoteCommandsTest, SaysThatTheServerMaySpeakPlainText) {
  const auto authority = testing::TestCertificate::Authority("ca");
  const std::string ca = dir_.Write("ca.crt", authority.certificate_pem());
  EXPECT_THAT(Failure({"rule", "list", "--ca", ca}),
              HasSubstr("\n  the server may speak plain text: see --ca\n"));
  server_->Shutdown(absl::ZeroDuration());
  const std::string failure = Failure({"rule", "list"});
  EXPECT_THAT(failure,
              AllOf(HasSubstr("Connection refused"), Not(HasSubstr("see --"))));
}

TEST_F(RemoteCommandsTest, SpeaksMutualTls) {
  const auto authority = testing::TestCertificate::Authority("ca");
  const auto server = authority.Issue({});
  testing::CertificateOptions options;
  options.common_name = "admin";
  const auto admin = authority.Issue(options);
  const std::string ca = dir_.Write("ca.crt", authority.certificate_pem());
  dir_.Write("server.crt", server.certificate_pem());
  dir_.Write("server.key", server.private_key_pem());
  const std::string certificate =
      dir_.Write("admin.crt", admin.certificate_pem());
  const std::string key = dir_.Write("admin.key", admin.private_key_pem());
  Serve(
      "tls: {certificate: server.crt, private_key: server.key, client_ca: "
      "ca.crt}\naccess: {operators: [admin]}\n");
  EXPECT_EQ(Run({"revocation", "list", "--ca", ca, "--certificate", certificate,
                 "--key", key})
                .status,
            0);
  EXPECT_THAT(Failure({"revocation", "list", "--ca", ca}),
              AllOf(HasSubstr("(UNAVAILABLE)"),
                    HasSubstr("\n  the server may ask for a certificate: see "
                              "--certificate\n")));
  EXPECT_THAT(Failure({"revocation", "list"}),
              AllOf(HasSubstr("(UNAVAILABLE)"),
                    HasSubstr("\n  the server may speak TLS: see --ca, and "
                              "--certificate\n")));
  EXPECT_THAT(Failure({"revocation", "list", "--ca", dir_.path() + "/none"}),
              HasSubstr("none"));
}

TEST_F(RemoteCommandsTest, TheEnvironmentsProxyIsNotUsed) {
  const testing::DeadProxy proxy;
  Output({"revocation", "list"});
  // A handshake with the server itself: no proxy has been in the way.
  const std::string ca = dir_.Write(
      "ca.crt", testing::TestCertificate::Authority("CA").certificate_pem());
  EXPECT_THAT(Failure({"revocation", "list", "--ca", ca}),
              HasSubstr("the server may speak plain text"));
}

TEST_F(RemoteCommandsTest, HelpIsGoodEnoughForAStranger) {
  const std::string all = Output({"--help"});
  EXPECT_THAT(all, AllOf(HasSubstr("revoke subject"), HasSubstr("--server"),
                         HasSubstr("SLUICE_SERVER")));
  const std::string help = Output({"revoke", "key", "--help"});
  EXPECT_THAT(help, AllOf(HasSubstr("usage: sluicectl revoke key KEY"),
                          HasSubstr("RFC 7638"), HasSubstr("--expires-in"),
                          HasSubstr("--ca FILE")));
  EXPECT_THAT(Output({"dev", "--help"}), Not(HasSubstr("--server")));
}

// Answers with a rule of that description.
class OneAnswer final : public admin::v1::RuleService::Service {
 public:
  explicit OneAnswer(std::string description)
      : description_(std::move(description)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  grpc::Status GetRule(grpc::ServerContext*,
                       const admin::v1::GetRuleRequest* request,
                       admin::v1::Rule* response) override {
    response->set_name(request->name());
    response->set_description(description_);
    return grpc::Status::OK;
  }
  // What sluicectl exits with.
  int Get(std::ostringstream* out, std::ostringstream* err) {
    return RunProgram(
        {"rule", "get", "a"},
        {*out, *err, absl::UnixEpoch(), absl::StrCat("127.0.0.1:", port_)});
  }

 private:
  const std::string description_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

TEST(AnswersTest, AreTakenThatAreMoreThanGrpcTakesByItself) {
  OneAnswer service(std::string(5 << 20, 'x'));
  std::ostringstream out;
  std::ostringstream err;
  EXPECT_EQ(service.Get(&out, &err), 0) << err.str();
  EXPECT_GT(out.str().size(), size_t{5} << 20);
}

TEST(AnswersTest, ThatAreNotUtf8FailAndTheLibraryAddsNothing) {
  OneAnswer service("\xff");
  std::ostringstream out;
  std::ostringstream err;
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(service.Get(&out, &err), 1);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_THAT(err.str(), StartsWith("sluicectl: rule get: "));
}

TEST_F(RemoteCommandsTest, AFailureToCheckIsNoNo) {
  EXPECT_EQ(Run({"check", "--anonymous", "--publish", "a"}).status, 1);
  EXPECT_THAT(
      Failure({"check", "--anonymous", "--publish", "a", "--mqtt", "4"}, 3),
      HasSubstr("(INVALID_ARGUMENT)"));
  EXPECT_EQ(Run({"check", "--anonymous"}).status, 2);
  server_->Shutdown(absl::ZeroDuration());
  EXPECT_THAT(Failure({"check", "--anonymous", "--publish", "a"}, 3),
              HasSubstr("(UNAVAILABLE)"));
  EXPECT_THAT(Output({"check", "--help"}), HasSubstr("3: no answer"));
}

}  // namespace
}  // namespace sluice::ctl
