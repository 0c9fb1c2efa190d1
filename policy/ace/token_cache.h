#ifndef POLICY_ACE_TOKEN_CACHE_H_
#define POLICY_ACE_TOKEN_CACHE_H_

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "policy/ace/token_contents.h"

namespace sluice::ace {

// What tokens say that their issuers were found to vouch for, so that a client
// which comes back with its token costs no second check of the signature. Of
// one verifier only, whose issuers the contents refer to: new keys mean a new
// cache. Holds neither tokens nor symmetric keys, and a bounded amount; who is
// to fill it needs tokens that an issuer has signed. Thread-safe.
class TokenCache {
 public:
  explicit TokenCache(size_t max_bytes = kDefaultMaxBytes)
      : max_bytes_(max_bytes) {}
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;

  // What the token says whose SHA-256 is `digest`; null where it is not known
  // here.
  std::shared_ptr<const TokenContents> Find(const std::string& digest);

  // In place of what was least of use lately. Does nothing with contents that
  // hold a symmetric key or are too large.
  void Add(const std::string& digest, const TokenContents& contents);

  // About as much as is held.
  size_t bytes() const;

 private:
  // Some ten thousand tokens of a few permissions each.
  static constexpr size_t kDefaultMaxBytes = 16 * 1024 * 1024;

  struct Entry {
    std::shared_ptr<const TokenContents> contents;
    size_t bytes;
  };
  struct Generation {
    absl::flat_hash_map<std::string, Entry> entries;
    size_t bytes = 0;
  };

  // With mutex_ held.
  void AddToRecent(const std::string& digest, Entry entry);

  const size_t max_bytes_;
  mutable std::mutex mutex_;
  // What was found or added lately, and what was before that. Each may be half
  // of all; once the first is full it becomes the second.
  Generation recent_;
  Generation older_;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_TOKEN_CACHE_H_
