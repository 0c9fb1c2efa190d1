#include "policy/ctl/token_commands.h"

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "policy/ctl/call.h"
#include "policy/ctl/output.h"
#include "policy/ctl/resource_name.h"
#include "proto/sluice/admin/v1/token.grpc.pb.h"

namespace sluice::ctl {
namespace {

using admin::v1::Token;
using admin::v1::TokenService;

absl::Status List(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<TokenService>(options, environment);
  if (!stub.ok()) return stub.status();
  admin::v1::ListTokensRequest request;
  request.set_subject(options.Find("subject").value_or(""));
  const auto all = CallForAll(**stub, &TokenService::Stub::ListTokens, request);
  if (!all.ok()) return all.status();
  Table table({"NAME", "SUBJECT", "ISSUER", "CLIENT ID", "KEPT UNTIL"});
  for (const Token& token : all->tokens()) {
    table.Add({token.name(), token.subject(), token.issuer(), token.client_id(),
               TimeText(token.expire_time())});
  }
  return Print(*all, table, options, environment);
}

std::string StateText(const Token& token) {
  switch (token.state()) {
    case Token::STATE_ACTIVE:
      return "active";
    case Token::STATE_REFUSED:
      return absl::StrCat("refused: ", token.detail());
    default:
      return absl::StrCat("undecided: ", token.detail());
  }
}

std::string ScopeText(const Token& token) {
  return absl::StrJoin(token.permissions(), ", ",
                       [](std::string* out, const auto& permission) {
                         absl::StrAppend(out, permission.topic_filter(),
                                         permission.publish() ? " pub" : "",
                                         permission.subscribe() ? " sub" : "");
                       });
}

absl::Status Inspect(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<TokenService>(options, environment);
  if (!stub.ok()) return stub.status();
  admin::v1::GetTokenRequest request;
  request.set_name(NameIn("tokens", options.arguments()[0]));
  const auto token = Call(**stub, &TokenService::Stub::GetToken, request);
  if (!token.ok()) return token.status();
  Table table({"FIELD", "VALUE"});
  table.Add({"name", token->name()});
  table.Add({"state", StateText(*token)});
  table.Add({"subject", token->subject()});
  table.Add({"issuer", token->issuer()});
  table.Add({"token id", token->token_id()});
  table.Add({"client id", token->client_id()});
  table.Add({"key ids", absl::StrJoin(token->key_ids(), ", ")});
  table.Add({"scope", ScopeText(*token)});
  table.Add({"kept until", TimeText(token->expire_time())});
  return Print(*token, table, options, environment);
}

}  // namespace

std::vector<Command> TokenCommands() {
  return {
      {"token",
       "list",
       "Show the tokens that are stored",
       "Those that clients have connected with, or published to authz-info: "
       "whose they are, never\nthe tokens themselves.\n",
       {{"subject", "SUBJECT", false, "only this subject's, 32 at most"}},
       &List,
       {},
       true},
      {"token",
       "inspect",
       "Show what a stored token says, and whether it is good now",
       "",
       {},
       &Inspect,
       {{"NAME", true, "as the list shows it, with or without tokens/"}},
       true},
  };
}

}  // namespace sluice::ctl
