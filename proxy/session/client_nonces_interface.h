#ifndef PROXY_SESSION_CLIENT_NONCES_INTERFACE_H_
#define PROXY_SESSION_CLIENT_NONCES_INTERFACE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "proxy/base/bytes.h"

namespace sluice::session {

// Client-nonces (RFC 9200 section 5.3.1): a hint carries one, the client takes
// it to the authorization server, and the token brings it back, so that its age
// is known whatever the clocks say.
class ClientNoncesInterface {
 public:
  virtual ~ClientNoncesInterface() = default;
  // A new nonce for a hint that is given at `now`; bytes, not empty.
  virtual std::string Make(absl::Time now) const = 0;
  // Whether Make() has given `nonce` out, here or on another proxy, and not
  // long before `now`. It is not used up.
  virtual bool IsFresh(ByteView nonce, absl::Time now) const = 0;
};

}  // namespace sluice::session

#endif  // PROXY_SESSION_CLIENT_NONCES_INTERFACE_H_
