#ifndef POLICY_ACE_JSON_H_
#define POLICY_ACE_JSON_H_

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace sluice::ace {

// A parsed value. Of its members only those that do not throw are used: is_*,
// get_ptr, find, iteration.
using Json = nlohmann::json;

inline constexpr size_t kMaxJsonBytes = size_t{1024} * 1024;
inline constexpr int kMaxJsonDepth = 16;

// Reads exactly one JSON value (RFC 8259). InvalidArgument for malformed text,
// a byte order mark, a number that does not fit a double, more than
// kMaxJsonBytes or kMaxJsonDepth, and, since readers would disagree about what
// it means, an object with a member name twice. The message holds nothing of
// the text but an offset.
absl::StatusOr<Json> ParseJson(absl::string_view text);

// The same, where the value must be an object.
absl::StatusOr<Json> ParseJsonObject(absl::string_view text);

// The member `name` of `object`; nullptr where there is none.
const Json* FindMember(const Json& object, const char* name);

// The text of `value`; nullptr where it is null or not a string. Aliases
// `value`.
const std::string* AsText(const Json* value);

// Overwrites the strings in `value`, which held key material.
void CleanseStrings(Json& value);

}  // namespace sluice::ace

#endif  // POLICY_ACE_JSON_H_
