#include "proxy/server/as_hint.h"

#include <cstddef>
#include <utility>

#include "absl/strings/str_cat.h"
#include "policy/server/named_file.h"
#include "proxy/base/json_string.h"

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

}  // namespace

absl::Status CheckAsHint(const AsHint& hint, const config::Locations& locations,
                         AsHintConfig* result) {
  if (hint.as().empty()) return locations.Error("ace.as_hint.as", kRequired);
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
      policy::ReadNamedFile(locations, kPath, hint.cnonce_key_file());
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
