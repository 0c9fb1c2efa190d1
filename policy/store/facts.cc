#include "policy/store/facts.h"

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace sluice::policy {

absl::StatusOr<bool> Facts::ClaimClientId(const ClientIdClaim& claim,
                                          absl::Time now) const {
  constexpr FactKind kKind = FactKind::kClientIdOwner;
  const Fact mine{claim.owner, claim.expires_at};
  for (;;) {
    const absl::StatusOr<std::optional<Fact>> present =
        store_->Make(kKind, claim.client_id, mine, now);
    if (!present.ok()) return present.status();
    if (!present->has_value()) return true;
    if ((*present)->value != claim.owner) return false;
    if ((*present)->expires_at >= claim.enough.value_or(claim.expires_at)) {
      return true;
    }
    const absl::StatusOr<bool> longer =
        store_->Extend(kKind, claim.client_id, mine, now);
    if (!longer.ok()) return longer.status();
    if (*longer) return true;
  }
}

absl::StatusOr<std::optional<std::string>> Facts::FindClientIdOwner(
    absl::string_view client_id, absl::Time now) const {
  absl::StatusOr<std::optional<Fact>> found =
      store_->Find(FactKind::kClientIdOwner, client_id, now);
  if (!found.ok()) return found.status();
  if (!found->has_value()) return std::nullopt;
  return std::move((*found)->value);
}

absl::StatusOr<absl::Time> Facts::FirstSeen(absl::string_view token,
                                            absl::Time forget_at,
                                            absl::Time now) const {
  // Its value is the time in decimal digits.
  const absl::StatusOr<std::optional<Fact>> earlier =
      store_->Make(FactKind::kFirstSeen, token,
                   {absl::StrCat(absl::ToUnixMicros(now)), forget_at}, now);
  if (!earlier.ok()) return earlier.status();
  if (!earlier->has_value()) return now;
  int64_t micros = 0;
  if (!absl::SimpleAtoi((*earlier)->value, &micros)) {
    return absl::DataLossError("the time of a first use is not a number");
  }
  return absl::FromUnixMicros(micros);
}

absl::StatusOr<bool> Facts::UseProof(absl::string_view proof,
                                     absl::Time forget_at,
                                     absl::Time now) const {
  const absl::StatusOr<std::optional<Fact>> earlier =
      store_->Make(FactKind::kUsedProof, proof, {"", forget_at}, now);
  if (!earlier.ok()) return earlier.status();
  return !earlier->has_value();
}

}  // namespace sluice::policy
