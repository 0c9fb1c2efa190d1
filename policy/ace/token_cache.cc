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

}  // namespace

std::shared_ptr<const TokenContents> TokenCache::Find(
    const std::string& digest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (const auto found = recent_.entries.find(digest);
      found != recent_.entries.end()) {
    return found->second.contents;
  }
  const auto found = older_.entries.find(digest);
  if (found == older_.entries.end()) return nullptr;
  Entry entry = std::move(found->second);
  older_.entries.erase(found);
  older_.bytes -= entry.bytes;
  std::shared_ptr<const TokenContents> contents = entry.contents;
  AddToRecent(digest, std::move(entry));
  return contents;
}

void TokenCache::Add(const std::string& digest, const TokenContents& contents) {
  if (HoldsSecret(contents)) return;
  const size_t bytes = BytesOf(contents);
  if (bytes > max_bytes_ / 2) return;
  Entry entry{std::make_shared<const TokenContents>(contents), bytes};
  const std::lock_guard<std::mutex> lock(mutex_);
  AddToRecent(digest, std::move(entry));
}

void TokenCache::AddToRecent(const std::string& digest, Entry entry) {
  if (recent_.bytes + entry.bytes > max_bytes_ / 2) {
    older_ = std::exchange(recent_, {});
  }
  const size_t bytes = entry.bytes;
  if (recent_.entries.emplace(digest, std::move(entry)).second) {
    recent_.bytes += bytes;
  }
}

size_t TokenCache::bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return recent_.bytes + older_.bytes;
}

}  // namespace sluice::ace
