#include "proxy/server/upstream_config.h"

#include <cstddef>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "proxy/config/named_address.h"
#include "proxy/config/named_file.h"
#include "proxy/session/rewrite.h"

namespace sluice::server {
namespace {

using ::sluice::config::AnyPort;
using ::sluice::config::Unix;
using Schema = ::sluice::config::v1::ProxyConfig::Upstream;

// Whether something in `text` looks like what is filled in, and is not.
bool HasUnknownPlaceholder(absl::string_view text) {
  return absl::StrContains(session::FillTemplate(text, "_", "_", "_"), "${");
}

// Whether `text` fits into a field of CONNECT before anything is filled in
// (MQTT 5.0 section 1.5.4).
bool FitsIntoConnect(absl::string_view text) {
  constexpr size_t kMaxBytes = 65535;
  return session::FillTemplate(text, "", "", "").size() <= kMaxBytes;
}

absl::Status CheckTemplate(absl::string_view path, absl::string_view text,
                           const FieldChecks& fields) {
  if (HasUnknownPlaceholder(text)) {
    return fields.Error(
        path, "only ${subject}, ${client_id} and ${issuer} can be filled in");
  }
  if (!FitsIntoConnect(text)) {
    return fields.Error(path,
                        "longer than the 65535 bytes that MQTT has for it, so "
                        "that no client could be let in");
  }
  return absl::OkStatus();
}

absl::Status CheckCredentials(const Schema& upstream, const FieldChecks& fields,
                              UpstreamConfig* result) {
  result->username = upstream.username();
  result->password = SecretString(upstream.password());
  std::string password_path = "upstream.password";
  if (upstream.has_password_file()) {
    password_path = "upstream.password_file";
    absl::StatusOr<SecretString> secret = config::ReadNamedSecret(
        fields.locations(), password_path, upstream.password_file());
    if (!secret.ok()) return secret.status();
    result->password = *std::move(secret);
  }
  // MQTT 3.1.1 section 3.1.2.9.
  if (!result->password.empty() && result->username.empty()) {
    return fields.Error(password_path, "needs upstream.username beside it");
  }
  absl::Status s = CheckTemplate("upstream.username", result->username, fields);
  if (!s.ok()) return s;
  return CheckTemplate(password_path, result->password.str(), fields);
}

}  // namespace

absl::Status CheckUpstream(const Schema& upstream, const FieldChecks& fields,
                           UpstreamConfig* result) {
  absl::Status s =
      fields.CheckAddress("upstream.address", upstream.address(),
                          Unix::kAllowed, AnyPort::kRefused, &result->address);
  if (!s.ok()) return s;
  s = CheckCredentials(upstream, fields, result);
  if (!s.ok()) return s;
  result->refused_topic_characters = upstream.refused_topic_characters();
  for (const char c : result->refused_topic_characters) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c)) ||
        absl::StrContains("/+#", c)) {
      return fields.Error("upstream.refused_topic_characters",
                          "expected printable ASCII characters, and not '/', "
                          "'+' or '#', which MQTT gives a meaning");
    }
  }
  result->proxy_protocol_v2 =
      upstream.proxy_protocol() == Schema::PROXY_PROTOCOL_V2;
  return fields.CheckTime(
      "upstream.connect_timeout", upstream.has_connect_timeout(),
      upstream.connect_timeout(), Zero::kRefused, &result->connect_timeout);
}

}  // namespace sluice::server
