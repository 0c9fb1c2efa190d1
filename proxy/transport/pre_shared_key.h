#ifndef PROXY_TRANSPORT_PRE_SHARED_KEY_H_
#define PROXY_TRANSPORT_PRE_SHARED_KEY_H_

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "proxy/base/bytes.h"
#include "proxy/transport/boringssl.h"

namespace sluice::transport {

// What the policy service knows of a pre-shared key's identity: the key, or
// that there is none. The key is wiped when it goes.
class PreSharedKey {
 public:
  PreSharedKey(ByteView key, std::string id)
      : key_(key.begin(), key.end()), id_(std::move(id)) {}
  static PreSharedKey None(absl::string_view why) {
    PreSharedKey none({}, "");
    none.why_none_ = std::string(why);
    return none;
  }

  PreSharedKey(PreSharedKey&&) = default;
  PreSharedKey& operator=(PreSharedKey&&) = delete;
  ~PreSharedKey() {
    if (!key_.empty()) OPENSSL_cleanse(key_.data(), key_.size());
  }

  // Empty where there is none.
  ByteView key() const { return key_; }
  // How the policy service calls the key.
  const std::string& id() const { return id_; }
  // For people.
  const std::string& why_none() const { return why_none_; }

 private:
  std::vector<uint8_t> key_;  // its memory moves along, so no copy stays
  std::string id_;
  std::string why_none_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_PRE_SHARED_KEY_H_
