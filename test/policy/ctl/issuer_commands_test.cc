#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/str_cat.h"
#include "test/policy/ctl/remote_harness.h"

namespace sluice::ctl {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using IssuerCommandsTest = RemoteHarness;

constexpr char kJwks[] =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1",)"
    R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

TEST_F(IssuerCommandsTest, ManagesIssuers) {
  const std::string keys = dir_.Write("as.json", kJwks);
  Serve("issuers: [{issuer: https://file, jwks_file: as.json}]\n");
  const Result put = Run({"issuer", "put", "https://as", "--profile",
                          "draft-01", "--jwks-file", keys, "--output", "json"});
  EXPECT_EQ(put.status, 0);
  EXPECT_THAT(put.err, HasSubstr("not bound to the TLS session"));
  const Json written = Json::parse(put.out, nullptr, false);
  EXPECT_EQ(written["issuer"], "https://as");
  EXPECT_EQ(written["profile"], "PROFILE_DRAFT_01");
  EXPECT_EQ(written["keys"][0]["kid"], "k1");
  EXPECT_FALSE(written.contains("jwks"));
  Output({"issuer", "put", "https://url", "--jwks-url",
          "https://127.0.0.1:1/jwks", "--jwks-refresh", "90s"});
  EXPECT_THAT(Output({"issuer", "list"}),
              AllOf(HasSubstr("https://as    draft-01  k1 (Ed25519)  -"),
                    HasSubstr("https://url   rfc9431   -             "
                              "https://127.0.0.1:1/jwks  store"),
                    HasSubstr("https://file  rfc9431   k1 (Ed25519)  "
                              "-                         configuration")));
  EXPECT_THAT(Failure({"issuer", "delete", "https://as", "--etag", "x"}),
              HasSubstr("(ABORTED)"));
  EXPECT_EQ(Output({"issuer", "delete", "https://as"}), "");
  EXPECT_EQ(Failure({"issuer", "delete", "https://as"}),
            "sluicectl: issuer delete: there is no issuer https://as\n");
  EXPECT_THAT(Failure({"issuer", "delete", "https://file"}),
              HasSubstr("(FAILED_PRECONDITION)"));
}

TEST_F(IssuerCommandsTest, SaysWhatIsWrong) {
  const std::string junk = dir_.Write("junk.json", "{}");
  EXPECT_THAT(Failure({"issuer", "put", "https://as", "--jwks-file", junk}),
              HasSubstr("issuer.jwks: "));
  EXPECT_THAT(Failure({"issuer", "put", "https://as", "--jwks-file",
                       dir_.path() + "/none"}),
              HasSubstr("none"));
  EXPECT_THAT(Failure({"issuer", "put", "https://as", "--jwks-file",
                       dir_.Write("latin1.json", "{\"\xe9\": 1}")}),
              HasSubstr("latin1.json:1: not UTF-8\n"));
  const struct {
    std::vector<std::string> options;
    const char* complaint;
  } kCases[] = {
      {{}, "give one of --jwks-file and --jwks-url"},
      {{"--jwks-file", junk, "--jwks-url", "https://as"},
       "give one of --jwks-file"},
      {{"--jwks-file", junk, "--jwks-refresh", "1m"},
       "--jwks-refresh goes with --jwks-url"},
      {{"--jwks-url", "https://as", "--jwks-refresh", "often"},
       "--jwks-refresh is no duration"},
      {{"--jwks-file", junk, "--profile", "oauth"}, "--profile is neither"},
  };
  for (const auto& c : kCases) {
    std::vector<std::string> arguments = {"issuer", "put", "https://as"};
    arguments.insert(arguments.end(), c.options.begin(), c.options.end());
    EXPECT_THAT(Failure(arguments, 2), HasSubstr(c.complaint));
  }
}

}  // namespace
}  // namespace sluice::ctl
