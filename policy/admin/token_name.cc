#include "policy/admin/token_name.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "policy/ace/pop_key.h"
#include "policy/admin/resource_name.h"

namespace sluice::policy {
namespace {

constexpr char kTokens[] = "tokens";

// A certificate's name has characters that have no place in a resource's; the
// thumbprint of a key has no '.'.
constexpr absl::string_view kCertificateId = "x5t.";

}  // namespace

std::string TokenName(absl::string_view binding) {
  if (absl::ConsumePrefix(&binding, ace::PopKey::kCertificatePrefix)) {
    return absl::StrCat(kTokens, "/", kCertificateId, binding);
  }
  return absl::StrCat(kTokens, "/", binding);
}

std::optional<std::string> BindingOfToken(absl::string_view name) {
  std::optional<absl::string_view> id = IdOf(name, kTokens);
  if (!id.has_value()) return std::nullopt;
  if (absl::ConsumePrefix(&*id, kCertificateId)) {
    return absl::StrCat(ace::PopKey::kCertificatePrefix, *id);
  }
  return std::string(*id);
}

}  // namespace sluice::policy
