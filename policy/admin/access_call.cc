#include "policy/admin/access_call.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/rejection.h"
#include "policy/admin/token_name.h"
#include "policy/rules/network.h"
#include "proto/protocol_version.h"
#include "proto/timestamp.h"

namespace sluice::policy {
namespace {

// About the references of each token, and the keys of its issuer.
constexpr int kMaxQuestions = 2 * static_cast<int>(kMaxTokensOfSubject);

constexpr char kANewToken[] = "a token that is good";

bool IsWanting(const ReferenceAnswers* references) {
  return references->wanted().has_value() ||
         references->wanted_keys().has_value();
}

std::string ReasonOf(const AccessCase& access_case) {
  const std::string whose = access_case.token().empty()
                                ? std::string()
                                : absl::StrCat(access_case.token(), ": ");
  if (access_case.allowed()) {
    return absl::StrCat(whose, "granted by ", access_case.granted_by());
  }
  const auto& objection = access_case.objections(0);
  return absl::StrCat(whose, objection.rule(),
                      objection.rule().empty() ? "" : " ", objection.detail());
}

}  // namespace

void AccessCall::Start(const Context& context,
                       const admin::v1::AccessQuery& query, Done done) {
  const std::shared_ptr<AccessCall> call(
      new AccessCall(context, query, std::move(done)));
  call->Run();
}

void AccessCall::Run() {
  if (!query_.subject().empty()) {
    absl::StatusOr<std::vector<TokenRecord>> records =
        context_.store->FindBySubject(query_.issuer(), query_.subject(),
                                      kMaxTokensOfSubject + 1,
                                      context_.clock());
    if (!records.ok()) {
      done_(records.status());
      return;
    }
    records_ = *std::move(records);
    truncated_ = records_.size() > kMaxTokensOfSubject;
    if (truncated_) records_.resize(kMaxTokensOfSubject);
  }
  DecisionCall::Start(
      {context_.deciders, context_.clock, Introspector::Freshness::kRemembered,
       kMaxQuestions, context_.pool},
      [self = shared_from_this()](const Authenticator& authenticator,
                                  absl::Time now,
                                  ReferenceAnswers* references) {
        return self->Judge(authenticator, now, references);
      },
      // Where something could not be asked, the case says so.
      [self = shared_from_this()](const absl::Status&, const ReferenceAnswers&,
                                  absl::Time) { self->AskCheckers(); });
}

absl::Status AccessCall::Judge(const Authenticator& authenticator,
                               absl::Time now, ReferenceAnswers* references) {
  candidates_.clear();
  checks_.clear();
  if (query_.subject().empty()) {
    JudgeGrant(authenticator, nullptr, {});
    return absl::OkStatus();
  }
  for (const TokenRecord& record : records_) {
    const absl::Status status =
        JudgeToken(authenticator, record, now, references);
    if (!status.ok()) return status;
  }
  const bool has_grant = absl::c_any_of(
      candidates_,
      [](const Candidate& candidate) { return candidate.grant.has_value(); });
  if (!has_grant && query_.issuer().empty()) JudgeWithoutToken(authenticator);
  if (candidates_.empty()) {
    Candidate none;
    Object("", "no token of the subject is stored",
           "a token of the subject, with which a client connects, or which it "
           "publishes to authz-info",
           &none.access_case);
    candidates_.push_back(std::move(none));
  }
  return absl::OkStatus();
}

// ACE-SCP-6
void AccessCall::JudgeWithoutToken(const Authenticator& authenticator) {
  const size_t checks = checks_.size();
  JudgeGrant(authenticator, nullptr, {});
  if (candidates_.back().access_case.objections().empty()) return;
  candidates_.pop_back();
  checks_.erase(checks_.begin() + static_cast<std::ptrdiff_t>(checks),
                checks_.end());
}

absl::Status AccessCall::JudgeToken(const Authenticator& authenticator,
                                    const TokenRecord& record, absl::Time now,
                                    ReferenceAnswers* references) {
  Candidate candidate;
  AccessCase& access_case = candidate.access_case;
  access_case.set_token(TokenName(record.binding));
  access_case.set_issuer(record.issuer);
  access_case.set_client_id(query_.client_id().empty() ? record.client_id
                                                       : query_.client_id());
  *access_case.mutable_expire_time() = ToTimestamp(record.expires_at);
  const absl::StatusOr<ace::VerifiedToken> token =
      authenticator.Verify(v1::ConnectionInfo(), record.token, now, references);
  if (token.ok()) {
    *access_case.mutable_expire_time() = ToTimestamp(token->expires_at);
    access_case.set_token_id(token->token_id);
    JudgeGrant(authenticator, &*token, std::move(candidate));
    return absl::OkStatus();
  }
  const bool refused = ace::RejectionOf(token.status()).has_value();
  access_case.set_undecided(!refused);
  Object("",
         absl::StrCat(
             refused ? "the token is refused: " : "nothing could be decided: ",
             token.status().message()),
         refused ? kANewToken : "the authorization server to answer",
         &access_case);
  candidates_.push_back(std::move(candidate));
  return refused || !IsWanting(references) ? absl::OkStatus() : token.status();
}

void AccessCall::JudgeGrant(const Authenticator& authenticator,
                            const ace::VerifiedToken* token,
                            Candidate candidate) {
  const v1::ConnectionInfo connection =
      ConnectionFor(token == nullptr ? query_.client_id()
                                     : candidate.access_case.client_id());
  const absl::StatusOr<v1::Grant> granted =
      authenticator.GrantFor(connection, token);
  absl::StatusOr<authz::Grant> grant =
      granted.ok() ? authz::Grant::Compile(*granted) : granted.status();
  if (!grant.ok()) {
    Object("", absl::StrCat("nothing is granted: ", grant.status().message()),
           "rules that can be read", &candidate.access_case);
    candidate.access_case.set_undecided(absl::IsUnavailable(grant.status()));
    candidates_.push_back(std::move(candidate));
    return;
  }
  for (v1::CheckRequest& request :
       JudgeAccess(*grant, query_, &candidate.access_case)) {
    *request.mutable_connection() = connection;
    checks_.push_back({candidates_.size(), std::move(request), {}});
  }
  candidate.grant = *std::move(grant);
  candidates_.push_back(std::move(candidate));
}

void AccessCall::AskCheckers() {
  Checkers* const checkers = context_.deciders().checkers;
  // One more, so that it does not end before all are on their way.
  unanswered_ = checks_.size() + 1;
  for (size_t i = 0; i < checks_.size(); ++i) {
    Check& check = checks_[i];
    if (checkers == nullptr || i >= kMaxChecks) {
      check.answer.set_reason("it was not asked");
      OnCheckAnswered();
      continue;
    }
    checkers->Check(check.request, [self = shared_from_this(),
                                    &check](const v1::CheckResponse& answer) {
      check.answer = answer;
      self->OnCheckAnswered();
    });
  }
  OnCheckAnswered();
}

void AccessCall::OnCheckAnswered() {
  if (--unanswered_ == 0) Finish();
}

void AccessCall::Finish() {
  for (const Check& check : checks_) {
    Candidate& candidate = candidates_[check.candidate];
    JudgeByCheck(*candidate.grant, check.request, check.answer,
                 &candidate.access_case);
  }
  for (Candidate& candidate : candidates_) {
    candidate.access_case.set_allowed(
        candidate.access_case.objections().empty());
  }
  // Those that allow it first, then those that may still do so, then those with
  // the least to say against it.
  const auto rank = [](const Candidate& candidate) {
    const AccessCase& access_case = candidate.access_case;
    return access_case.undecided() ? 1 : 2 * access_case.objections_size();
  };
  absl::c_stable_sort(candidates_,
                      [rank](const Candidate& a, const Candidate& b) {
                        return rank(a) < rank(b);
                      });
  Response response;
  response.set_truncated(truncated_);
  for (Candidate& candidate : candidates_) {
    *response.add_cases() = std::move(candidate.access_case);
  }
  response.set_allowed(response.cases(0).allowed());
  response.set_undecided(response.cases(0).undecided());
  response.set_reason(ReasonOf(response.cases(0)));
  if (truncated_ && !response.allowed() && !response.undecided()) {
    response.set_undecided(true);
    response.set_reason(absl::StrCat(
        "none of the ", kMaxTokensOfSubject,
        " tokens that were looked at allows it, and the subject has more; ",
        response.reason()));
  }
  done_(std::move(response));
}

v1::ConnectionInfo AccessCall::ConnectionFor(
    absl::string_view client_id) const {
  v1::ConnectionInfo connection;
  connection.set_listener(query_.listener());
  connection.set_client_address(ToPeer(query_.client_address()).value_or(""));
  connection.set_client_id(std::string(client_id));
  connection.set_protocol_version(
      ParseProtocolVersion(query_.protocol_version())
          .value_or(v1::PROTOCOL_VERSION_MQTT_5_0));
  return connection;
}

}  // namespace sluice::policy
