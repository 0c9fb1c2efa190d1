#include "policy/ctl/revocation_commands.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ace/claims.h"
#include "policy/ctl/call.h"
#include "policy/ctl/output.h"
#include "policy/ctl/resource_name.h"
#include "policy/ctl/token_file.h"
#include "proto/sluice/admin/v1/revocation.grpc.pb.h"
#include "proto/timestamp.h"

namespace sluice::ctl {
namespace {

using admin::v1::Revocation;
using admin::v1::RevocationService;

Table NewTable() {
  return Table(
      {"NAME", "KIND", "VALUE", "ISSUER", "CREATED", "EXPIRES", "REASON"});
}

void AddRow(const Revocation& revocation, Table* table) {
  std::string kind;
  std::string value;
  switch (revocation.target_case()) {
    case Revocation::kTokenId:
      kind = "token";
      value = revocation.token_id();
      break;
    case Revocation::kSubject:
      kind = "subject";
      value = revocation.subject();
      break;
    case Revocation::kKeyId:
      kind = "key";
      value = revocation.key_id();
      break;
    case Revocation::TARGET_NOT_SET:
      break;
  }
  table->Add({revocation.name(), kind, value, revocation.issuer(),
              TimeText(revocation.create_time()),
              TimeText(revocation.expire_time()), revocation.reason()});
}

using Stub = RevocationService::Stub;

// A revocation that is there, and what it took; that is for people, and empty
// where nothing is to be said.
struct Revoked {
  Revocation revocation;
  std::string note;
};

bool EndsLater(const Revocation& a, const Revocation& b) {
  if (!a.has_expire_time() || !b.has_expire_time()) {
    return b.has_expire_time();
  }
  return FromTimestamp(a.expire_time()) > FromTimestamp(b.expire_time());
}

std::string EndText(const Revocation& revocation) {
  return revocation.has_expire_time()
             ? absl::StrCat("until ", TimeText(revocation.expire_time()))
             : "for good";
}

// The one of that name is there already: the later end stays, and so does its
// reason, unless there is a new one.
grpc::Status Renew(Stub& stub, const std::string& name,
                   const Revocation& wanted, Revoked* revoked) {
  admin::v1::GetRevocationRequest get;
  get.set_name(name);
  Revocation before;
  grpc::Status status = TryCall(stub, &Stub::GetRevocation, get, &before);
  if (!status.ok()) return status;
  admin::v1::UpdateRevocationRequest update;
  if (EndsLater(wanted, before)) {
    update.mutable_update_mask()->add_paths("expire_time");
  }
  if (!wanted.reason().empty() && wanted.reason() != before.reason()) {
    update.mutable_update_mask()->add_paths("reason");
  }
  if (!update.has_update_mask()) {
    revoked->note =
        absl::StrCat(name, " was there already, and stands ", EndText(before));
    revoked->revocation = std::move(before);
    return grpc::Status::OK;
  }
  *update.mutable_revocation() = wanted;
  update.mutable_revocation()->set_name(name);
  update.mutable_revocation()->set_etag(before.etag());
  status = TryCall(stub, &Stub::UpdateRevocation, update, &revoked->revocation);
  revoked->note =
      absl::StrCat(name, " was there already, ", EndText(before),
                   ", and stands ", EndText(revoked->revocation), " now");
  return status;
}

absl::StatusOr<Revoked> Revoke(Stub& stub, const Revocation& wanted) {
  // What is there may change, or end, in between.
  constexpr int kTries = 5;
  admin::v1::CreateRevocationRequest request;
  *request.mutable_revocation() = wanted;
  grpc::Status status;
  for (int i = 0; i < kTries; ++i) {
    Revoked revoked;
    status =
        TryCall(stub, &Stub::CreateRevocation, request, &revoked.revocation);
    if (status.ok()) return revoked;
    const std::string name = ExistingResource(status);
    if (name.empty()) break;
    status = Renew(stub, name, wanted, &revoked);
    if (status.ok()) return revoked;
    if (status.error_code() != grpc::StatusCode::ABORTED &&
        status.error_code() != grpc::StatusCode::NOT_FOUND) {
      break;
    }
  }
  return CallStatus(status);
}

// Fills in what all kinds of revocations have, sends it and shows it.
absl::Status Create(Revocation revocation, const Options& options,
                    const Environment& environment) {
  if (const auto issuer = options.Find("issuer")) {
    revocation.set_issuer(*issuer);
  }
  revocation.set_reason(options.Find("reason").value_or(""));
  if (const auto text = options.Find("expires-in")) {
    absl::Duration ahead;
    if (!absl::ParseDuration(*text, &ahead) || ahead <= absl::ZeroDuration() ||
        ahead > absl::Hours(24 * 365 * 100)) {
      return absl::InvalidArgumentError(
          "--expires-in is not a duration like 90s, 5m or 24h");
    }
    *revocation.mutable_expire_time() = ToTimestamp(environment.now + ahead);
  }
  const auto stub = ConnectTo<RevocationService>(options, environment);
  if (!stub.ok()) return stub.status();
  const absl::StatusOr<Revoked> revoked = Revoke(**stub, revocation);
  if (!revoked.ok()) return revoked.status();
  if (!revoked->note.empty()) {
    environment.err << "sluicectl: " << Printable(revoked->note) << "\n";
  }
  Table table = NewTable();
  AddRow(revoked->revocation, &table);
  return Print(revoked->revocation, table, options, environment);
}

// A cti is shown in lower case. A jti may look like anything.
bool LooksLikeACtiInUpperCase(absl::string_view id) {
  return id.size() % 2 == 0 && absl::c_all_of(id, absl::ascii_isxdigit) &&
         absl::c_any_of(id, absl::ascii_isupper);
}

absl::Status RevokeToken(const Options& options,
                         const Environment& environment) {
  Revocation revocation;
  const std::optional<std::string> file = options.Find("token-file");
  if (file.has_value() != options.arguments().empty()) {
    return absl::InvalidArgumentError("give TOKEN_ID or --token-file");
  }
  if (!file.has_value()) {
    const std::string& id = options.arguments()[0];
    revocation.set_token_id(id);
    const absl::Status status =
        Create(std::move(revocation), options, environment);
    if (status.ok() && LooksLikeACtiInUpperCase(id)) {
      environment.err << "sluicectl: this fits a jti only: of a cti, the "
                         "hexadecimal digits are in lower case, as in "
                      << absl::AsciiStrToLower(id) << "\n";
    }
    return status;
  }
  const absl::StatusOr<TokenFacts> token = ReadTokenFile(*file);
  if (!token.ok()) return token.status();
  revocation.set_token_id(token->token_id);
  revocation.set_issuer(token->issuer);
  if (token->expires_at.has_value()) {
    const absl::Time end = *token->expires_at + ace::kMaxClockSkew;
    if (end <= environment.now) {
      return absl::FailedPreconditionError(
          absl::StrCat(*file, ": the token has expired"));
    }
    // Else for good.
    if (end <= ace::kLastInstant) {
      *revocation.mutable_expire_time() = ToTimestamp(end);
    }
  }
  return Create(std::move(revocation), options, environment);
}

absl::Status RevokeSubject(const Options& options,
                           const Environment& environment) {
  Revocation revocation;
  revocation.set_subject(options.arguments()[0]);
  return Create(std::move(revocation), options, environment);
}

absl::Status RevokeKey(const Options& options, const Environment& environment) {
  Revocation revocation;
  revocation.set_key_id(options.arguments()[0]);
  return Create(std::move(revocation), options, environment);
}

absl::Status ListAll(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<RevocationService>(options, environment);
  if (!stub.ok()) return stub.status();
  const auto all =
      CallForAll(**stub, &RevocationService::Stub::ListRevocations);
  if (!all.ok()) return all.status();
  Table table = NewTable();
  for (const Revocation& revocation : all->revocations()) {
    AddRow(revocation, &table);
  }
  return Print(*all, table, options, environment);
}

absl::Status Delete(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<RevocationService>(options, environment);
  if (!stub.ok()) return stub.status();
  admin::v1::DeleteRevocationRequest request;
  request.set_name(NameIn("revocations", options.arguments()[0]));
  request.set_etag(options.Find("etag").value_or(""));
  return PrintNothing(
      Call(**stub, &RevocationService::Stub::DeleteRevocation, request)
          .status(),
      options, environment);
}

std::vector<OptionSpec> RevokeOptions() {
  return {
      {"issuer", "ISSUER", false, "only what this issuer issued; default: any"},
      {"reason", "TEXT", false, "for people; at most 1,024 bytes"},
      {"expires-in", "DURATION", false,
       "when it ends by itself, like 24h; default: never"},
  };
}

}  // namespace

std::vector<Command> RevocationCommands() {
  static constexpr char kDetails[] =
      "Clients that are connected with it are disconnected at once, by every "
      "proxy; new ones\nare refused. `revocation delete` takes it back. What "
      "is revoked already stays so until\nthe later of both ends.\n";
  std::vector<OptionSpec> token_options = RevokeOptions();
  token_options.push_back(
      {"token-file", "FILE", false,
       "a JWT or CWT: its id, its issuer, and its expiry with an hour's "
       "leeway"});
  return {
      {"revoke",
       "token",
       "Revoke a token, by its id (jti, or cti in hexadecimal, lower case)",
       kDetails,
       token_options,
       &RevokeToken,
       {{"TOKEN_ID", false, "this, or --token-file"}},
       true},
      {"revoke",
       "subject",
       "Revoke all tokens of a subject, those of the future too",
       kDetails,
       RevokeOptions(),
       &RevokeSubject,
       {{"SUBJECT", true, "the sub of the tokens"}},
       true},
      {"revoke",
       "key",
       "Revoke all tokens that are bound to a key",
       kDetails,
       RevokeOptions(),
       &RevokeKey,
       {{"KEY", true,
         "RFC 7638 thumbprint or kid, or a certificate's x5t#S256; behind a "
         "lone -- if it begins with --"}},
       true},
      {"revocation",
       "list",
       "Show what is revoked",
       "",
       {},
       &ListAll,
       {},
       true},
      {"revocation",
       "delete",
       "Take a revocation back",
       "What it named is honoured again; nothing is printed.\n",
       {{"etag", "ETAG", false, "only if this is still its etag"}},
       &Delete,
       {{"NAME", true, "as the list shows it, with or without revocations/"}},
       true},
  };
}

}  // namespace sluice::ctl
