#include "policy/ace/psk_identity.h"

#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "policy/ace/base64url.h"
#include "policy/ace/cbor.h"
#include "policy/ace/cose_key.h"
#include "policy/ace/cwt_claims.h"
#include "policy/ace/cwt_confirmation.h"
#include "policy/ace/json.h"

namespace sluice::ace {
namespace {

absl::Status IdentityError(absl::string_view fault) {
  return absl::InvalidArgumentError(absl::StrCat("PSK identity: ", fault));
}

// `value`, where it is a map.
const Cbor* AsMap(const Cbor* value) {
  return value != nullptr && value->type == Cbor::Type::kMap ? value : nullptr;
}

const Json* FindObject(const Json& object, const char* name) {
  const Json* found = FindMember(object, name);
  return found != nullptr && found->is_object() ? found : nullptr;
}

absl::StatusOr<std::vector<std::string>> ReadJson(ByteView identity) {
  const absl::StatusOr<Json> parsed = ParseJsonObject(AsString(identity));
  if (!parsed.ok()) return IdentityError(parsed.status().message());
  const Json* confirmation = FindObject(*parsed, "cnf");
  if (confirmation == nullptr) confirmation = &*parsed;
  const Json* key = FindObject(*confirmation, "jwk");
  if (key == nullptr) return IdentityError("no cnf with a jwk");
  const std::string* type = AsText(FindMember(*key, "kty"));
  if (type == nullptr || *type != "oct") return IdentityError("kty is not oct");
  if (FindMember(*key, "k") != nullptr) return IdentityError("holds the key");
  const std::string* kid = AsText(FindMember(*key, "kid"));
  if (kid == nullptr || kid->empty()) return IdentityError("no kid");
  std::vector<std::string> names = {*kid};
  std::optional<std::string> bytes = Base64UrlDecode(*kid);
  if (bytes.has_value() && !bytes->empty()) {
    names.push_back(*std::move(bytes));
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> ReadCbor(ByteView identity) {
  const absl::StatusOr<Cbor> parsed = ParseCbor(identity);
  if (!parsed.ok()) return IdentityError(parsed.status().message());
  if (parsed->type != Cbor::Type::kMap) {
    return IdentityError("neither JSON nor a CBOR map");
  }
  const Cbor* confirmation = AsMap(FindClaim(*parsed, CwtClaim::kCnf));
  if (confirmation == nullptr) confirmation = &*parsed;
  const Cbor* key = AsMap(FindMember(*confirmation, CwtConfirmation::kCoseKey));
  if (key == nullptr) return IdentityError("no cnf with a COSE_Key");
  if (!IsOfType(*key, CoseKeyType::kSymmetric)) {
    return IdentityError("kty is not Symmetric");
  }
  if (FindParameter(*key, CoseKeyLabel::kK) != nullptr) {
    return IdentityError("holds the key");
  }
  const std::optional<ByteView> kid =
      AsByteString(FindParameter(*key, CoseKeyLabel::kKid));
  if (!kid.has_value() || kid->empty()) return IdentityError("no kid");
  return std::vector<std::string>{std::string(AsString(*kid))};
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ReadPskIdentity(ByteView identity) {
  if (identity.empty() || identity.size() > kMaxPskIdentityBytes) {
    return IdentityError("empty, or too long");
  }
  // No CBOR map begins with "{" or white space.
  const char first = static_cast<char>(identity[0]);
  const bool is_json = first == '{' || first == ' ' || first == '\t' ||
                       first == '\n' || first == '\r';
  return is_json ? ReadJson(identity) : ReadCbor(identity);
}

}  // namespace sluice::ace
