#include "policy/ace/token_cache.h"

#include <utility>

#include "policy/ace/jwk.h"
#include "policy/ace/key.h"

namespace sluice::ace {
namespace {

// An entry, its key, and the parsed key that a token is bound to.
constexpr size_t kOverheadBytes = 1024;

size_t BytesOf(const TokenContents& contents) {
  const Claims& claims = contents.claims;
  size_t bytes = kOverheadBytes + sizeof(contents) + claims.subject.size() +
                 claims.token_id.size() + claims.client_nonce.size() +
                 contents.digest.size() + contents.pop_key.kid().size();
  for (const std::string& audience : claims.audience) {
    bytes += sizeof(audience) + audience.size();
  }
  for (const Permission& permission : contents.scope.permissions) {
    bytes += sizeof(permission) + permission.topic_filter.size();
  }
  return bytes;
}

bool HoldsSecret(const TokenContents& contents) {
  const Jwk* const key = contents.pop_key.jwk();
  return key != nullptr && key->type() == KeyType::kSymmetric;
}

// A token without `exp` has `exi`, which begins when it is first seen.
absl::Time ExpiryOf(const TokenContents& contents, absl::Time now) {
  const Claims& claims = contents.claims;
  if (claims.expires_at.has_value()) return *claims.expires_at;
  return now + claims.exi.value_or(absl::ZeroDuration());
}

}  // namespace

std::shared_ptr<const TokenContents> TokenCache::Find(
    const std::string& digest) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto* const found = entries_.Find(digest);
  return found == nullptr ? nullptr : found->value;
}

void TokenCache::Add(const std::string& digest, const TokenContents& contents,
                     absl::Time now) {
  if (HoldsSecret(contents)) return;
  const size_t bytes = BytesOf(contents);
  if (bytes > max_bytes_) return;
  auto copy = std::make_shared<const TokenContents>(contents);
  const std::lock_guard<std::mutex> lock(mutex_);
  entries_.RemoveExpired(now);
  while (!entries_.empty() && entries_.bytes() + bytes > max_bytes_) {
    entries_.RemoveFirst();
  }
  // Nothing where another thread was as fast.
  entries_.Add(digest, {std::move(copy), ExpiryOf(contents, now)}, bytes);
}

size_t TokenCache::bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return entries_.bytes();
}

}  // namespace sluice::ace
