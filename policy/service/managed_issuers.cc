#include "policy/service/managed_issuers.h"

#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "policy/ace/jwk.h"
#include "policy/ace/token_verifier.h"
#include "policy/http/https_url.h"
#include "policy/service/derived_id.h"
#include "policy/tls/pem.h"
#include "proto/timestamp.h"

namespace sluice::policy {
namespace {

using WrongField =
    absl::FunctionRef<void(absl::string_view, absl::string_view)>;
using Message = admin::v1::Issuer;

constexpr size_t kMaxNameBytes = 1024;
constexpr size_t kMaxUrlBytes = 2048;
constexpr size_t kMaxJwksBytes = 32 * 1024;
constexpr size_t kMaxCaBytes = 16 * 1024;
constexpr int32_t kMaxNanos = 999'999'999;

void ReadName(const Message& message, WrongField wrong, ace::Issuer* issuer) {
  issuer->name = message.issuer();
  if (issuer->name.empty() || issuer->name.size() > kMaxNameBytes) {
    wrong("issuer", absl::StrCat("expected 1 to ", kMaxNameBytes, " bytes"));
  }
}

void ReadProfile(const Message& message, WrongField wrong,
                 ace::Issuer* issuer) {
  switch (message.profile()) {
    case Message::PROFILE_UNSPECIFIED:
    case Message::PROFILE_RFC9431:
      issuer->profile = ace::Profile::kRfc9431;
      return;
    case Message::PROFILE_DRAFT_01:
      issuer->profile = ace::Profile::kDraft01;
      return;
    default:
      return wrong("profile", "not a profile we know");
  }
}

void ReadJwks(const std::string& jwks, WrongField wrong, ace::Issuer* issuer) {
  if (jwks.size() > kMaxJwksBytes) {
    return wrong("jwks", absl::StrCat("longer than ", kMaxJwksBytes, " bytes"));
  }
  absl::StatusOr<ace::JwkSet> keys = ace::JwkSet::Parse(jwks);
  if (!keys.ok()) return wrong("jwks", keys.status().message());
  if (keys->keys().empty()) return wrong("jwks", "no key that can be used");
  issuer->keys = *std::move(keys);
  // Has its own opinion of keys.
  ace::TokenVerifier::Options options;
  options.audience = "any";
  options.issuers.push_back({"it", issuer->profile, issuer->keys});
  const absl::Status usable =
      ace::TokenVerifier::Create(std::move(options)).status();
  if (!usable.ok()) wrong("jwks", usable.message());
}

JwksSource ReadSource(const Message& message, WrongField wrong) {
  JwksSource source;
  source.issuer = message.issuer();
  source.url = message.jwks_url();
  source.ca = message.ca();
  if (source.url.size() > kMaxUrlBytes) {
    wrong("jwks_url", absl::StrCat("longer than ", kMaxUrlBytes, " bytes"));
  } else if (absl::Status s = http::CheckHttpsUrl(source.url); !s.ok()) {
    wrong("jwks_url", s.message());
  }
  if (message.has_jwks_refresh()) {
    source.refresh = FromProtoDuration(message.jwks_refresh());
    // Of what is no valid duration the rest would be kept, and told, too.
    const int32_t nanos = message.jwks_refresh().nanos();
    if (source.refresh < JwksSource::kMinRefresh ||
        source.refresh > JwksSource::kMaxRefresh || nanos < 0 ||
        nanos > kMaxNanos) {
      wrong("jwks_refresh", "expected a duration from 1s to 24h");
    }
  }
  if (source.ca.empty()) return source;
  if (source.ca.size() > kMaxCaBytes) {
    wrong("ca", absl::StrCat("longer than ", kMaxCaBytes, " bytes"));
  } else if (absl::Status s =
                 CheckCertificates(source.ca, CertificateUse::kTrusted);
             !s.ok()) {
    wrong("ca", s.message());
  }
  return source;
}

}  // namespace

std::optional<ManagedIssuer> ReadManagedIssuer(const Message& message,
                                               WrongField wrong) {
  bool good = true;
  const auto tell = [&](absl::string_view field, absl::string_view problem) {
    good = false;
    wrong(field, problem);
  };
  ManagedIssuer managed;
  ReadName(message, tell, &managed.issuer);
  ReadProfile(message, tell, &managed.issuer);
  switch (message.key_source_case()) {
    case Message::kJwks:
      ReadJwks(message.jwks(), tell, &managed.issuer);
      if (message.has_jwks_refresh())
        tell("jwks_refresh", "only with jwks_url");
      if (!message.ca().empty()) tell("ca", "only with jwks_url");
      break;
    case Message::kJwksUrl:
      managed.source = ReadSource(message, tell);
      managed.issuer.key_source = ace::KeySource::kPending;
      break;
    case Message::KEY_SOURCE_NOT_SET:
      tell("jwks", "expected jwks or jwks_url");
      break;
  }
  if (!good) return std::nullopt;
  return managed;
}

std::string IdOfIssuer(absl::string_view issuer) { return DerivedId(issuer); }

void ManagedIssuers::Put(const std::string& id, const std::string& value) {
  Message message;
  std::optional<ManagedIssuer>& issuer = issuers_[id];
  issuer.reset();
  if (!message.ParseFromString(value) || IdOfIssuer(message.issuer()) != id) {
    return;
  }
  issuer = ReadManagedIssuer(message, [](auto, auto) {});
}

std::vector<ManagedIssuer> ManagedIssuers::issuers() const {
  std::vector<ManagedIssuer> all;
  for (const auto& [id, issuer] : issuers_) {
    if (issuer.has_value()) all.push_back(*issuer);
  }
  return all;
}

std::vector<std::string> ManagedIssuers::unreadable() const {
  std::vector<std::string> all;
  for (const auto& [id, issuer] : issuers_) {
    if (!issuer.has_value()) all.push_back(id);
  }
  return all;
}

}  // namespace sluice::policy
