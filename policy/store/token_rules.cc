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

// Whether `record`, of which nobody has proven anything, may take the place of
// `earlier`.
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

absl::Status Succeed(const TokenRecord& earlier, Possession possession,
                     WritePace* pace, absl::Time now, TokenRecord* record) {
  const bool is_same = record->token == earlier.token;
  if (possession == Possession::kProvenBefore && !is_same) {
    return absl::AlreadyExistsError("the key has a token that came since");
  }
  if (is_same && record->expires_at > earlier.expires_at &&
      earlier.expires_at - now >= (record->expires_at - now) / 2) {
    record->expires_at = earlier.expires_at;
  }
  const bool is_renamed =
      !record->client_id.empty() && record->client_id != earlier.client_id;
  // When tokens end may change, so that two of them are newer in turn by that.
  const bool may_come_again =
      !is_same && !(record->issued_at.has_value() &&
                    earlier.issued_at.has_value() && IsNewer(*record, earlier));
  bool has_turn = true;
  if (possession == Possession::kProven && (is_renamed || may_come_again)) {
    has_turn = pace->Take(record->binding, now);
  }
  if (possession != Possession::kProven || !has_turn) {
    absl::Status may = CheckUnproven(*record, earlier);
    if (!may.ok()) return may;
    // Only now, so that who may not replace it uses up nobody's turns.
    if (may_come_again && (!has_turn || !pace->Take(record->binding, now))) {
      return absl::AlreadyExistsError(
          "the key's token has been replaced too often of late");
    }
    if (!has_turn || !earlier.client_id.empty()) record->client_id.clear();
  }
  if (record->client_id.empty()) record->client_id = earlier.client_id;
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
