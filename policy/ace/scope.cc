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
  if (!mqtt::IsValidUnsharedFilter(filter)) {
    return EntryError(index, mqtt::IsShared(filter)
                                 ? "a shared subscription"
                                 : "not a valid topic filter");
  }
  Permission permission;
  permission.topic_filter = std::string(filter);
  return permission;
}

// Adds what `name` permits; false where that is nothing we know.
bool AddPermission(absl::string_view name, Permission& permission) {
  if (name == "pub") {
    permission.publish = true;
  } else if (name == "sub") {
    permission.subscribe = true;
  } else {
    return false;
  }
  return true;
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
    if (name == nullptr || !AddPermission(*name, *permission)) {
      return EntryError(index, "a permission is neither pub nor sub");
    }
  }
  return permission;
}

absl::StatusOr<Permission> ReadEntry(size_t index, const Cbor& entry) {
  if (entry.type != Cbor::Type::kArray || entry.items.size() != 2) {
    return EntryError(index, "not a pair");
  }
  const std::optional<absl::string_view> filter = AsTextString(&entry.items[0]);
  if (!filter.has_value()) return EntryError(index, "the filter is no string");
  const Cbor& names = entry.items[1];
  if (names.type != Cbor::Type::kArray || names.items.empty()) {
    return EntryError(index, "not a list of permissions");
  }
  absl::StatusOr<Permission> permission = ForFilter(index, *filter);
  if (!permission.ok()) return permission.status();
  for (const Cbor& element : names.items) {
    const std::optional<absl::string_view> name = AsTextString(&element);
    if (!name.has_value() || !AddPermission(*name, *permission)) {
      return EntryError(index, "a permission is neither pub nor sub");
    }
  }
  return permission;
}

template <typename Entries>
absl::StatusOr<Scope> ReadEntries(const Entries& entries) {
  Scope scope;
  scope.permissions.reserve(entries.size());
  for (const auto& entry : entries) {
    absl::StatusOr<Permission> permission =
        ReadEntry(scope.permissions.size(), entry);
    if (!permission.ok()) return permission.status();
    scope.permissions.push_back(*std::move(permission));
  }
  return scope;
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
  return ReadEntries(*entries);
}

absl::StatusOr<Scope> ReadAifScopeCbor(const Cbor& scope) {
  const bool is_string =
      scope.type == Cbor::Type::kBytes || scope.type == Cbor::Type::kText;
  if (is_string && scope.string.empty()) return Scope();
  Cbor decoded;
  const Cbor* entries = &scope;
  if (scope.type == Cbor::Type::kBytes) {
    absl::StatusOr<Cbor> parsed = ParseCbor(scope.string);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("scope: ", parsed.status().message()));
    }
    decoded = *std::move(parsed);
    entries = &decoded;
  }
  if (entries->type != Cbor::Type::kArray) {
    return absl::InvalidArgumentError("scope: not a CBOR array");
  }
  return ReadEntries(entries->items);
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
