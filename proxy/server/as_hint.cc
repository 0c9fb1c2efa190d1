#include "proxy/server/as_hint.h"

#include <cstddef>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "proxy/base/json_string.h"
#include "proxy/config/named_file.h"

namespace sluice::server {
namespace {

using AsHint = ::sluice::config::v1::ProxyConfig::Ace::AsHint;

constexpr size_t kMinKeyBytes = 32;
// It travels as a string property (MQTT 5.0 section 1.5.4), which leaves room
// for `cnonce`.
constexpr size_t kMaxHint = 65535 - 64;

void AppendMember(absl::string_view name, const std::string& value,
                  std::string* json) {
  if (value.empty()) return;
  absl::StrAppend(json, json->size() > 1 ? "," : "", "\"", name, "\":");
  AppendJsonString(value, json);
}

// RFC 9431 section 2.2.6.1; its members are those of RFC 9200 section 5.3.
std::string ToJson(const AsHint& hint) {
  std::string json = "{";
  AppendMember("AS", hint.as(), &json);
  AppendMember("audience", hint.audience(), &json);
  AppendMember("kid", hint.kid(), &json);
  AppendMember("scope", hint.scope(), &json);
  json += '}';
  return json;
}

// Whether `text` is an absolute URI, as far as its characters and its scheme
// tell (RFC 3986 section 3.1).
bool IsUri(absl::string_view text) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos || colon + 1 == text.size()) {
    return false;
  }
  const absl::string_view scheme = text.substr(0, colon);
  const auto is_scheme = [](unsigned char c) {
    return absl::ascii_isalnum(c) || c == '+' || c == '-' || c == '.';
  };
  const auto is_printable = [](unsigned char c) {
    return absl::ascii_isgraph(c);
  };
  return !scheme.empty() &&
         absl::ascii_isalpha(static_cast<unsigned char>(scheme[0])) &&
         absl::c_all_of(scheme, is_scheme) &&
         absl::c_all_of(text, is_printable);
}

}  // namespace

absl::Status CheckAsHint(const AsHint& hint, const config::Locations& locations,
                         AsHintConfig* result) {
  if (hint.as().empty())
    return locations.Error("ace.as_hint.as", config::kRequired);
  if (!IsUri(hint.as())) {
    return locations.Error(
        "ace.as_hint.as",
        "expected an absolute URI, such as https://as.example/token");
  }
  result->json = ToJson(hint);
  if (result->json.size() > kMaxHint) {
    return locations.Error("ace.as_hint", absl::StrCat("longer than ", kMaxHint,
                                                       " bytes of JSON"));
  }
  if (!hint.has_cnonce_key_file()) {
    if (!hint.cnonce_optional()) return absl::OkStatus();
    return locations.Error("ace.as_hint.cnonce_optional",
                           "needs ace.as_hint.cnonce_key_file beside it");
  }
  constexpr char kPath[] = "ace.as_hint.cnonce_key_file";
  absl::StatusOr<std::string> contents =
      config::ReadNamedFile(locations, kPath, hint.cnonce_key_file());
  if (!contents.ok()) return contents.status();
  result->cnonce_key = SecretString(*std::move(contents));
  if (result->cnonce_key.size() < kMinKeyBytes) {
    return locations.Error(
        kPath, absl::StrCat("the file holds less than ", kMinKeyBytes,
                            " bytes; fill it with random ones"));
  }
  result->cnonce_optional = hint.cnonce_optional();
  return absl::OkStatus();
}

}  // namespace sluice::server
