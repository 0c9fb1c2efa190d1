// A scope in each of its three writings: what is accepted is sound, and says
// the same when it is written anew.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/base64url.h"
#include "policy/ace/json.h"
#include "policy/ace/scope.h"
#include "proxy/base/bytes.h"
#include "proxy/mqtt/topic.h"

namespace sluice::ace {
namespace {

void Check(bool condition) {
  if (!condition) std::abort();
}

std::string Write(const Scope& scope) {
  Json entries = Json::array();
  for (const Permission& permission : scope.permissions) {
    Json names = Json::array();
    if (permission.publish) names.push_back("pub");
    if (permission.subscribe) names.push_back("sub");
    Json entry = Json::array();
    entry.push_back(permission.topic_filter);
    entry.push_back(names);
    entries.push_back(entry);
  }
  return entries.dump();
}

void CheckScope(const absl::StatusOr<Scope>& scope) {
  if (!scope.ok()) return;
  for (const Permission& permission : scope->permissions) {
    Check(mqtt::IsValidTopicFilter(permission.topic_filter));
    Check(!mqtt::IsShared(permission.topic_filter));
    Check(permission.publish || permission.subscribe);
  }
  const std::string json = Write(*scope);
  Check(ParseAifScopeJson(json).value() == *scope);
  Check(ParseAifScope(Base64UrlEncode(AsBytes(json))).value() == *scope);
}

}  // namespace
}  // namespace sluice::ace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const absl::string_view text = AsString(ByteView(data, size));
  ace::CheckScope(ace::ParseAifScope(text));
  ace::CheckScope(ace::ParseAifScopeJson(text));
  ace::CheckScope(ace::ParseDraft01Scope(text));
  return 0;
}
