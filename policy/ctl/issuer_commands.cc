#include "policy/ctl/issuer_commands.h"

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "policy/ctl/call.h"
#include "policy/ctl/files.h"
#include "policy/ctl/output.h"
#include "proto/sluice/admin/v1/issuer.grpc.pb.h"
#include "proto/timestamp.h"

namespace sluice::ctl {
namespace {

using admin::v1::Issuer;
using admin::v1::IssuerService;

Table NewTable() {
  return Table(
      {"NAME", "ISSUER", "PROFILE", "KEYS", "READ FROM", "DECLARED IN"});
}

// By the names that tokens call them by, where they have any.
std::string KeysText(const Issuer& issuer) {
  std::string text;
  for (const Issuer::Key& key : issuer.keys()) {
    const std::string& name = key.kid().empty() ? key.thumbprint() : key.kid();
    absl::StrAppend(&text, text.empty() ? "" : ", ", name,
                    name.empty() ? "(" : " (", key.type(), ")");
  }
  return text;
}

void AddRow(const Issuer& issuer, Table* table) {
  table->Add(
      {issuer.name(), issuer.issuer(),
       issuer.profile() == Issuer::PROFILE_DRAFT_01 ? "draft-01" : "rfc9431",
       KeysText(issuer), issuer.jwks_url(),
       issuer.read_only() ? "configuration" : "store"});
}

absl::Status List(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<IssuerService>(options, environment);
  if (!stub.ok()) return stub.status();
  const auto all = CallForAll(**stub, &IssuerService::Stub::ListIssuers);
  if (!all.ok()) return all.status();
  Table table = NewTable();
  for (const Issuer& issuer : all->issuers()) AddRow(issuer, &table);
  return Print(*all, table, options, environment);
}

// Where the keys come from.
absl::Status ReadKeySource(const Options& options, Issuer* issuer) {
  const std::optional<std::string> file = options.Find("jwks-file");
  const std::optional<std::string> url = options.Find("jwks-url");
  if (file.has_value() == url.has_value()) {
    return absl::InvalidArgumentError("give one of --jwks-file and --jwks-url");
  }
  if (file.has_value()) {
    for (const absl::string_view option : {"jwks-refresh", "jwks-ca"}) {
      if (options.Find(option).has_value()) {
        return absl::InvalidArgumentError(
            absl::StrCat("--", option, " goes with --jwks-url"));
      }
    }
    absl::StatusOr<std::string> jwks = ReadTextFile(*file);
    if (jwks.ok()) issuer->set_jwks(*std::move(jwks));
    return jwks.status();
  }
  issuer->set_jwks_url(*url);
  if (const auto text = options.Find("jwks-refresh"); text.has_value()) {
    absl::Duration refresh;
    if (!absl::ParseDuration(*text, &refresh) ||
        refresh <= absl::ZeroDuration() || refresh > absl::Hours(24)) {
      return absl::InvalidArgumentError(
          "--jwks-refresh is no duration up to 24h, such as 5m");
    }
    *issuer->mutable_jwks_refresh() = ToProtoDuration(refresh);
  }
  if (const auto path = options.Find("jwks-ca"); path.has_value()) {
    absl::StatusOr<std::string> ca = ReadTextFile(*path);
    if (!ca.ok()) return ca.status();
    issuer->set_ca(*std::move(ca));
  }
  return absl::OkStatus();
}

absl::Status Put(const Options& options, const Environment& environment) {
  admin::v1::PutIssuerRequest request;
  Issuer* const issuer = request.mutable_issuer();
  issuer->set_issuer(options.arguments()[0]);
  issuer->set_etag(options.Find("etag").value_or(""));
  const std::string profile = options.Find("profile").value_or("rfc9431");
  if (profile != "rfc9431" && profile != "draft-01") {
    return absl::InvalidArgumentError(
        "--profile is neither rfc9431 nor draft-01");
  }
  issuer->set_profile(profile == "draft-01" ? Issuer::PROFILE_DRAFT_01
                                            : Issuer::PROFILE_RFC9431);
  if (absl::Status s = ReadKeySource(options, issuer); !s.ok()) return s;
  const auto stub = ConnectTo<IssuerService>(options, environment);
  if (!stub.ok()) return stub.status();
  const auto written = Call(**stub, &IssuerService::Stub::PutIssuer, request);
  if (!written.ok()) return written.status();
  if (written->profile() == Issuer::PROFILE_DRAFT_01) {
    environment.err << "sluicectl: the proofs of draft-01 are not bound to the "
                       "TLS session: whoever gets to see one may be able to "
                       "use it\n";
  }
  Table table = NewTable();
  AddRow(*written, &table);
  return Print(*written, table, options, environment);
}

absl::Status Delete(const Options& options, const Environment& environment) {
  const auto stub = ConnectTo<IssuerService>(options, environment);
  if (!stub.ok()) return stub.status();
  const auto all = CallForAll(**stub, &IssuerService::Stub::ListIssuers);
  if (!all.ok()) return all.status();
  const std::string& name = options.arguments()[0];
  admin::v1::DeleteIssuerRequest request;
  for (const Issuer& issuer : all->issuers()) {
    // By its name where it cannot be read.
    if (issuer.issuer() == name || issuer.name() == name) {
      request.set_name(issuer.name());
    }
  }
  if (request.name().empty()) {
    return absl::NotFoundError(absl::StrCat("there is no issuer ", name));
  }
  request.set_etag(options.Find("etag").value_or(""));
  return PrintNothing(
      Call(**stub, &IssuerService::Stub::DeleteIssuer, request).status(),
      options, environment);
}

}  // namespace

std::vector<Command> IssuerCommands() {
  return {
      {"issuer",
       "list",
       "Show whose tokens are taken",
       "With the keys that they are checked with, never the keys themselves.\n"
       "What the service's configuration declares can only be changed there.\n",
       {},
       &List,
       {},
       true},
      {"issuer",
       "put",
       "Take the tokens of an authorization server",
       "In place of what the issuer had before. Give either --jwks-file or "
       "--jwks-url. New clients\nare held to it at once, and those that are "
       "connected are asked about again.\n",
       {
           {"profile", "PROFILE", false, "rfc9431 (default) or draft-01"},
           {"jwks-file", "FILE", false, "its keys: a JWK Set"},
           {"jwks-url", "URL", false, "where it publishes them: https://..."},
           {"jwks-refresh", "TIME", false,
            "how often they are read again; default 5m"},
           {"jwks-ca", "FILE", false,
            "PEM; who may have signed the certificate of --jwks-url"},
           {"etag", "ETAG", false, "only if this is still its etag"},
       },
       &Put,
       {{"ISSUER", true, "as its tokens have it in `iss`"}},
       true},
      {"issuer",
       "delete",
       "Take the tokens of an issuer no more",
       "Clients that are connected with one are disconnected. Nothing is "
       "printed.\n",
       {{"etag", "ETAG", false, "only if this is still its etag"}},
       &Delete,
       {{"ISSUER", true, "as the list shows it"}},
       true},
  };
}

}  // namespace sluice::ctl
