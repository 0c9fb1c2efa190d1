#include "policy/store/memory_token_store.h"

#include <iterator>
#include <utility>

#include "policy/store/token_rules.h"

namespace sluice::policy {
namespace {

// List node, nodes for expiry and name, hash slots and the allocator's share of
// them.
constexpr size_t kBookkeepingBytes = 384;

}  // namespace

absl::Status MemoryTokenStore::PutOf(TokenRecord record, Possession possession,
                                     absl::Time now) {
  if (absl::Status s = CheckLive(record, now); !s.ok()) return s;
  std::lock_guard<std::mutex> lock(mutex_);
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
    Remove(by_expiry_.begin()->second);
  }
  const auto earlier = by_binding_.find(record.binding);
  if (earlier != by_binding_.end()) {
    absl::Status may =
        Succeed(earlier->second->record, possession, &pace_, now, &record);
    if (!may.ok()) return may;
  }
  if (record.named_since.has_value()) {
    if (earlier != by_binding_.end()) {
      KeepName({earlier->second->record}, &record);
    }
    if (!record.subject.empty()) {
      KeepName(Namesakes({record.kid, record.issuer, record.subject}, now),
               &record);
    }
  }
  const size_t bytes = StringBytes(record) + kBookkeepingBytes;
  if (absl::Status s = CheckSize(bytes, limits_); !s.ok()) return s;
  if (earlier != by_binding_.end()) Remove(earlier->second);
  ReleaseClientId(record.client_id);
  while (entries_.size() >= limits_.max_tokens ||
         bytes_ + bytes > limits_.max_bytes) {
    Remove(entries_.begin());
  }
  entries_.push_back(
      Entry{std::move(record), bytes, {}, by_kid_.end(), by_subject_.end()});
  const auto entry = std::prev(entries_.end());
  entry->by_expiry = by_expiry_.emplace(entry->record.expires_at, entry);
  by_binding_.emplace(entry->record.binding, entry);
  if (!entry->record.client_id.empty()) {
    by_client_id_.emplace(entry->record.client_id, entry);
  }
  if (!entry->record.kid.empty()) {
    entry->by_kid = by_kid_.emplace(
        KeyName(entry->record.kid, entry->record.issuer, entry->record.subject),
        entry);
  }
  if (entry->record.named_since.has_value()) {
    by_since_.emplace(SinceNameOf(entry->record), entry);
  }
  if (!entry->record.subject.empty()) {
    entry->by_subject = by_subject_.emplace(entry->record.subject, entry);
  }
  bytes_ += bytes;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<TokenRecord>> MemoryTokenStore::Find(
    absl::string_view binding, absl::Time now) {
  std::lock_guard<std::mutex> lock(mutex_);
  return Lookup(by_binding_, binding, now);
}

absl::StatusOr<std::vector<TokenRecord>> MemoryTokenStore::List(
    absl::string_view after, size_t limit, absl::Time now) {
  std::vector<TokenRecord> found;
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto i = by_binding_.upper_bound(after);
       i != by_binding_.end() && found.size() < limit; ++i) {
    if (i->second->record.expires_at > now) found.push_back(i->second->record);
  }
  return found;
}

absl::StatusOr<std::optional<TokenRecord>> MemoryTokenStore::FindByClientId(
    absl::string_view client_id, absl::Time now) {
  std::lock_guard<std::mutex> lock(mutex_);
  return Lookup(by_client_id_, client_id, now);
}

absl::StatusOr<std::vector<TokenRecord>> MemoryTokenStore::FindByKid(
    absl::string_view issuer, absl::string_view subject, absl::string_view kid,
    absl::Time now) {
  std::lock_guard<std::mutex> lock(mutex_);
  return Namesakes({kid, issuer, subject}, now);
}

absl::StatusOr<std::vector<TokenRecord>> MemoryTokenStore::FindSymmetricByKid(
    absl::string_view kid, absl::Time now) {
  std::vector<TokenRecord> found;
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto i = by_since_.lower_bound({kid, absl::InfinitePast(), ""});
       i != by_since_.end() && found.size() < kMaxNamesakes; ++i) {
    const TokenRecord& record = i->second->record;
    if (record.kid != kid) break;
    if (record.expires_at > now) found.push_back(record);
  }
  return found;
}

absl::StatusOr<std::vector<TokenRecord>> MemoryTokenStore::FindBySubject(
    absl::string_view issuer, absl::string_view subject, size_t limit,
    absl::Time now) {
  std::vector<TokenRecord> found;
  if (subject.empty()) return found;
  std::lock_guard<std::mutex> lock(mutex_);
  const auto range = by_subject_.equal_range(subject);
  for (auto i = range.first; i != range.second && found.size() < limit; ++i) {
    const TokenRecord& record = i->second->record;
    if (!issuer.empty() && record.issuer != issuer) continue;
    if (record.expires_at > now) found.push_back(record);
  }
  return found;
}

template <typename Index>
std::optional<TokenRecord> MemoryTokenStore::Lookup(const Index& index,
                                                    absl::string_view key,
                                                    absl::Time now) {
  const auto found = index.find(key);
  if (found == index.end()) return std::nullopt;
  const TokenRecord& record = found->second->record;
  if (record.expires_at <= now) return std::nullopt;
  return record;
}

std::vector<TokenRecord> MemoryTokenStore::Namesakes(const KeyName& name,
                                                     absl::Time now) const {
  std::vector<TokenRecord> found;
  const auto range = by_kid_.equal_range(name);
  for (auto i = range.first; i != range.second && found.size() < kMaxNamesakes;
       ++i) {
    if (i->second->record.expires_at > now) found.push_back(i->second->record);
  }
  return found;
}

MemoryTokenStore::SinceName MemoryTokenStore::SinceNameOf(
    const TokenRecord& record) {
  return {record.kid, *record.named_since, record.binding};
}

void MemoryTokenStore::Remove(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_binding_.erase(entry->record.binding);
  if (!entry->record.client_id.empty()) {
    by_client_id_.erase(entry->record.client_id);
  }
  if (entry->by_kid != by_kid_.end()) by_kid_.erase(entry->by_kid);
  if (entry->record.named_since.has_value()) {
    by_since_.erase(SinceNameOf(entry->record));
  }
  if (entry->by_subject != by_subject_.end()) {
    by_subject_.erase(entry->by_subject);
  }
  by_expiry_.erase(entry->by_expiry);
  entries_.erase(entry);
}

void MemoryTokenStore::ReleaseClientId(absl::string_view client_id) {
  const auto found = by_client_id_.find(client_id);
  if (found == by_client_id_.end()) return;
  Entry& entry = *found->second;
  by_client_id_.erase(found);
  const size_t released = entry.record.client_id.size();
  entry.record.client_id.clear();
  entry.bytes -= released;
  bytes_ -= released;
}

}  // namespace sluice::policy
