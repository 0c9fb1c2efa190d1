#ifndef POLICY_ACE_SCOPE_H_
#define POLICY_ACE_SCOPE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "policy/ace/cbor.h"

namespace sluice::ace {

// What may be done on the topics that a filter matches.
struct Permission {
  // A valid MQTT topic filter, never a shared subscription.
  std::string topic_filter;
  bool publish = false;
  bool subscribe = false;
};

// The permissions of a token, in the token's order; a filter may occur more
// than once, and then the permissions add up. Empty: no permission at all.
struct Scope {
  std::vector<Permission> permissions;
};

inline bool operator==(const Permission& a, const Permission& b) {
  return a.topic_filter == b.topic_filter && a.publish == b.publish &&
         a.subscribe == b.subscribe;
}
inline bool operator==(const Scope& a, const Scope& b) {
  return a.permissions == b.permissions;
}

// Reads AIF-MQTT (RFC 9431 section 3.1, RFC 9237) as a JWT's `scope` carries
// it: the base64url of a JSON array `[[filter, [perm, ...]], ...]`, where perm
// is "pub" or "sub" and each list has at least one. The empty string is an
// empty scope. Anything else is InvalidArgument, an invalid topic filter and a
// shared subscription included: a bad scope is not "no scope" (ACE-SCP-1).
// The message names the entry, not what it holds.
absl::StatusOr<Scope> ParseAifScope(absl::string_view encoded);

// The same for the JSON array itself, as an introspection answer may carry it
// and as an operator writes it.
absl::StatusOr<Scope> ParseAifScopeJson(absl::string_view json);

// The same for a CWT's `scope`: the array itself, in CBOR, or a byte string
// that holds it. An empty byte or text string is an empty scope.
absl::StatusOr<Scope> ReadAifScopeCbor(const Cbor& scope);

// Reads a scope of draft-ietf-ace-mqtt-tls-profile-01: `publish_<filter>` and
// `subscribe_<filter>` divided by single spaces (ACE-D01-1). The empty string
// is an empty scope; errors are as above. A filter that holds a space cannot be
// written this way.
absl::StatusOr<Scope> ParseDraft01Scope(absl::string_view scope);

}  // namespace sluice::ace

#endif  // POLICY_ACE_SCOPE_H_
