#include "policy/ace/scope.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "policy/ace/base64url.h"
#include "policy/ace/json.h"
#include "proxy/mqtt/topic.h"

namespace sluice::ace {
namespace {

absl::Status EntryError(size_t index, absl::string_view fault) {
  return absl::InvalidArgumentError(
      absl::StrCat("scope entry ", index, ": ", fault));
}

// A filter whose permissions are still to be set.
absl::StatusOr<Permission> ForFilter(size_t index, absl::string_view filter) {
  if (!mqtt::IsValidTopicFilter(filter)) {
    return EntryError(index, "not a valid topic filter");
  }
  if (mqtt::IsShared(filter)) {
    return EntryError(index, "a shared subscription");
  }
  Permission permission;
  permission.topic_filter = std::string(filter);
  return permission;
}

absl::StatusOr<Permission> ReadEntry(size_t index, const Json& entry) {
  if (!entry.is_array() || entry.size() != 2) {
    return EntryError(index, "not a pair");
  }
  const std::string* filter = AsText(&entry[0]);
  if (filter == nullptr) return EntryError(index, "the filter is no string");
  const Json& names = entry[1];
  if (!names.is_array() || names.empty()) {
    return EntryError(index, "not a list of permissions");
  }
  absl::StatusOr<Permission> permission = ForFilter(index, *filter);
  if (!permission.ok()) return permission.status();
  for (const Json& element : names) {
    const std::string* name = AsText(&element);
    if (name != nullptr && *name == "pub") {
      permission->publish = true;
    } else if (name != nullptr && *name == "sub") {
      permission->subscribe = true;
    } else {
      return EntryError(index, "a permission is neither pub nor sub");
    }
  }
  return permission;
}

}  // namespace

absl::StatusOr<Scope> ParseAifScope(absl::string_view encoded) {
  if (encoded.empty()) return Scope();
  const std::optional<std::string> json = Base64UrlDecode(encoded);
  if (!json.has_value()) {
    return absl::InvalidArgumentError("scope: not base64url");
  }
  return ParseAifScopeJson(*json);
}

absl::StatusOr<Scope> ParseAifScopeJson(absl::string_view json) {
  absl::StatusOr<Json> entries = ParseJson(json);
  if (!entries.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("scope: ", entries.status().message()));
  }
  if (!entries->is_array()) {
    return absl::InvalidArgumentError("scope: not a JSON array");
  }
  Scope scope;
  scope.permissions.reserve(entries->size());
  for (const Json& entry : *entries) {
    absl::StatusOr<Permission> permission =
        ReadEntry(scope.permissions.size(), entry);
    if (!permission.ok()) return permission.status();
    scope.permissions.push_back(*std::move(permission));
  }
  return scope;
}

absl::StatusOr<Scope> ParseDraft01Scope(absl::string_view text) {
  Scope scope;
  if (text.empty()) return scope;
  for (absl::string_view word : absl::StrSplit(text, ' ')) {
    const size_t index = scope.permissions.size();
    const bool publish = absl::ConsumePrefix(&word, "publish_");
    if (!publish && !absl::ConsumePrefix(&word, "subscribe_")) {
      return EntryError(index, "neither publish_ nor subscribe_");
    }
    absl::StatusOr<Permission> permission = ForFilter(index, word);
    if (!permission.ok()) return permission.status();
    permission->publish = publish;
    permission->subscribe = !publish;
    scope.permissions.push_back(*std::move(permission));
  }
  return scope;
}

}  // namespace sluice::ace
