#include "policy/store/memory_token_store.h"

#include <iterator>
#include <utility>

namespace sluice::policy {
namespace {

// List node, expiry node, hash slot and the allocator's share of them.
constexpr size_t kBookkeepingBytes = 256;

size_t BytesOf(const TokenRecord& record) {
  return record.key_thumbprint.size() + record.token.size() + kBookkeepingBytes;
}

}  // namespace

absl::Status MemoryTokenStore::Put(TokenRecord record, absl::Time now) {
  if (record.expires_at <= now) {
    return absl::FailedPreconditionError("the token has expired");
  }
  const size_t bytes = BytesOf(record);
  if (limits_.max_records == 0 || bytes > limits_.max_bytes) {
    return absl::ResourceExhaustedError("the token is too big to be stored");
  }
  std::lock_guard<std::mutex> lock(mutex_);
  while (!by_expiry_.empty() && by_expiry_.begin()->first <= now) {
    Remove(by_expiry_.begin()->second);
  }
  const auto earlier = by_key_.find(record.key_thumbprint);
  if (earlier != by_key_.end()) Remove(earlier->second);
  while (entries_.size() >= limits_.max_records ||
         bytes_ + bytes > limits_.max_bytes) {
    Remove(entries_.begin());
  }
  entries_.push_back(Entry{std::move(record), bytes, {}});
  const auto entry = std::prev(entries_.end());
  entry->by_expiry = by_expiry_.emplace(entry->record.expires_at, entry);
  by_key_.emplace(entry->record.key_thumbprint, entry);
  bytes_ += bytes;
  return absl::OkStatus();
}

absl::StatusOr<std::optional<TokenRecord>> MemoryTokenStore::Find(
    absl::string_view key_thumbprint, absl::Time now) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = by_key_.find(key_thumbprint);
  if (found == by_key_.end()) return std::nullopt;
  const TokenRecord& record = found->second->record;
  if (record.expires_at <= now) return std::nullopt;
  return record;
}

size_t MemoryTokenStore::records() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return entries_.size();
}

size_t MemoryTokenStore::bytes() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return bytes_;
}

void MemoryTokenStore::Remove(Entries::iterator entry) {
  bytes_ -= entry->bytes;
  by_key_.erase(entry->record.key_thumbprint);
  by_expiry_.erase(entry->by_expiry);
  entries_.erase(entry);
}

}  // namespace sluice::policy
