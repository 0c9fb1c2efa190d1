#include "policy/revocation/revocation_set.h"

#include <algorithm>

#include "proto/timestamp.h"

namespace sluice::policy {

absl::Time EndOf(const v1::Revocation& revocation) {
  if (!revocation.has_expires_at()) return absl::InfiniteFuture();
  return FromTimestamp(revocation.expires_at())
      .value_or(absl::InfiniteFuture());
}

void RevocationSet::Add(const v1::Revocation& revocation) {
  Remove(revocation.name());
  Entry entry;
  switch (revocation.target_case()) {
    case v1::Revocation::kTokenId:
      entry.target = Target::kTokenId;
      entry.value = revocation.token_id();
      break;
    case v1::Revocation::kSubject:
      entry.target = Target::kSubject;
      entry.value = revocation.subject();
      break;
    case v1::Revocation::kKeyId:
      entry.target = Target::kKeyId;
      entry.value = revocation.key_id();
      break;
    case v1::Revocation::TARGET_NOT_SET:
      return;
  }
  if (entry.value.empty()) return;
  entry.issuer = revocation.issuer();
  entry.expires_at = EndOf(revocation);
  const auto added =
      by_name_.emplace(revocation.name(), std::move(entry)).first;
  const auto& [name, its] = *added;
  NamesOf(its.target)[its.value].push_back(name);
  if (its.expires_at != absl::InfiniteFuture()) {
    by_expiry_.emplace(its.expires_at, name);
  }
}

bool RevocationSet::Remove(absl::string_view name) {
  const auto found = by_name_.find(name);
  if (found == by_name_.end()) return false;
  Unlink(found->first, found->second);
  by_name_.erase(found);
  return true;
}

void RevocationSet::Clear() {
  for (NamesByValue& names : by_target_) names.clear();
  by_expiry_.clear();
  by_name_.clear();
}

void RevocationSet::RemoveExpired(absl::Time now) {
  const absl::Time gone = now - kKeptAfterEnd;
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= gone) {
    Remove(by_expiry_.begin()->second);
  }
}

absl::string_view RevocationSet::Find(const RevocableNames& names,
                                      absl::Time now) const {
  if (by_name_.empty()) return {};
  absl::string_view found =
      FindTarget(Target::kTokenId, names.token_id, names.issuer, now);
  if (found.empty()) {
    found = FindTarget(Target::kSubject, names.subject, names.issuer, now);
  }
  for (const std::string& key_id : names.key_ids) {
    if (!found.empty()) break;
    found = FindTarget(Target::kKeyId, key_id, names.issuer, now);
  }
  return found;
}

absl::string_view RevocationSet::FindTarget(Target target,
                                            absl::string_view value,
                                            absl::string_view issuer,
                                            absl::Time now) const {
  const NamesByValue& names = by_target_[static_cast<size_t>(target)];
  // Without a hash of what nothing is revoked by.
  if (value.empty() || names.empty()) return {};
  const auto found = names.find(value);
  if (found == names.end()) return {};
  for (const absl::string_view name : found->second) {
    const Entry& entry = by_name_.find(name)->second;
    if (entry.expires_at > now &&
        (entry.issuer.empty() || entry.issuer == issuer)) {
      return name;
    }
  }
  return {};
}

void RevocationSet::Unlink(absl::string_view name, const Entry& entry) {
  NamesByValue& by_value = NamesOf(entry.target);
  const auto value = by_value.find(entry.value);
  auto& names = value->second;
  names.erase(std::find(names.begin(), names.end(), name));
  if (names.empty()) by_value.erase(value);
  by_expiry_.erase({entry.expires_at, name});
}

}  // namespace sluice::policy
