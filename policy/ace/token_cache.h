#ifndef POLICY_ACE_TOKEN_CACHE_H_
#define POLICY_ACE_TOKEN_CACHE_H_

#include <cstddef>
#include <memory>
#include <mutex>  // abseil's Mutex hides from Debian's thread sanitizer
#include <string>

#include "absl/time/time.h"
#include "policy/ace/token_contents.h"
#include "proxy/base/map_by_expiry.h"

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

  // What the token says whose SHA-256 is `digest`, be it in force or not; null
  // where it is not known here.
  std::shared_ptr<const TokenContents> Find(const std::string& digest) const;

  // In place of tokens that have expired at `now` and, where there is no room,
  // of those that will first. Does nothing with contents that hold a symmetric
  // key or are too large.
  void Add(const std::string& digest, const TokenContents& contents,
           absl::Time now);

  // About as much as is held.
  size_t bytes() const;

 private:
  // Some ten thousand tokens of a few permissions each.
  static constexpr size_t kDefaultMaxBytes = 16 * 1024 * 1024;

  const size_t max_bytes_;
  mutable std::mutex mutex_;
  MapByExpiry<std::shared_ptr<const TokenContents>> entries_;
};

}  // namespace sluice::ace

#endif  // POLICY_ACE_TOKEN_CACHE_H_
