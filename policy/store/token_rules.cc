#include "policy/store/token_rules.h"

#include <algorithm>

namespace sluice::policy {
namespace {

bool IsNewer(const TokenRecord& a, const TokenRecord& b) {
  if (a.issued_at.has_value() && b.issued_at.has_value()) {
    return *a.issued_at > *b.issued_at;
  }
  return a.expires_at > b.expires_at;
}

}  // namespace

absl::Status CheckLive(const TokenRecord& record, absl::Time now) {
  return record.expires_at > now
             ? absl::OkStatus()
             : absl::FailedPreconditionError("the token has expired");
}

absl::Status CheckSize(size_t bytes, const TokenLimits& limits) {
  return limits.max_tokens > 0 && bytes <= limits.max_bytes
             ? absl::OkStatus()
             : absl::ResourceExhaustedError(
                   "the token is too big to be stored");
}

absl::Status CheckUnproven(const TokenRecord& record,
                           const TokenRecord& earlier) {
  // The same token once more is no other one, whatever its expiry is rounded
  // to.
  if (record.token == earlier.token) return absl::OkStatus();
  if (record.issuer != earlier.issuer || record.subject != earlier.subject) {
    return absl::AlreadyExistsError(
        "the key has a token of another issuer or subject, which only a proof "
        "of possession replaces");
  }
  // Two that name nobody need not be of one client.
  if (record.subject.empty()) {
    return absl::AlreadyExistsError(
        "the key has a token, which without a subject only a proof of "
        "possession replaces");
  }
  if (IsNewer(earlier, record)) {
    return absl::AlreadyExistsError(
        "the key has a newer token, which only a proof of possession replaces");
  }
  return absl::OkStatus();
}

void KeepName(const std::vector<TokenRecord>& others, TokenRecord* record) {
  if (!record->named_since.has_value()) return;
  for (const TokenRecord& other : others) {
    if (other.kid != record->kid || !other.named_since.has_value()) continue;
    record->named_since = std::min(*record->named_since, *other.named_since);
  }
}

size_t StringBytes(const TokenRecord& record) {
  return record.binding.size() + record.token.size() + record.client_id.size() +
         record.issuer.size() + record.kid.size() + record.key.size() +
         record.subject.size();
}

}  // namespace sluice::policy
