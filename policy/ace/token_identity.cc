#include "policy/ace/token_identity.h"

#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"

namespace sluice::ace {
namespace {

constexpr absl::string_view kIssuerUrl = "type.sluice/ace.Issuer";
constexpr absl::string_view kSubjectUrl = "type.sluice/ace.Subject";
constexpr absl::string_view kTokenIdUrl = "type.sluice/ace.TokenId";

}  // namespace

absl::Status WithIdentity(absl::Status status, const TokenIdentity& identity) {
  status.SetPayload(kIssuerUrl, absl::Cord(identity.issuer));
  status.SetPayload(kSubjectUrl, absl::Cord(identity.subject));
  status.SetPayload(kTokenIdUrl, absl::Cord(identity.token_id));
  return status;
}

std::optional<TokenIdentity> IdentityOf(const absl::Status& status) {
  const auto issuer = status.GetPayload(kIssuerUrl);
  const auto subject = status.GetPayload(kSubjectUrl);
  const auto token_id = status.GetPayload(kTokenIdUrl);
  if (!issuer.has_value() || !subject.has_value() || !token_id.has_value()) {
    return std::nullopt;
  }
  return TokenIdentity{std::string(*issuer), std::string(*subject),
                       std::string(*token_id)};
}

}  // namespace sluice::ace
