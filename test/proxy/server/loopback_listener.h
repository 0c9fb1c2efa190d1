#ifndef TEST_PROXY_SERVER_LOOPBACK_LISTENER_H_
#define TEST_PROXY_SERVER_LOOPBACK_LISTENER_H_

#include <cstdint>

#include "proxy/base/address.h"

namespace sluice::server {

// A socket that lets connections queue up and does nothing with them: as much
// of a broker as a probe sees.
class LoopbackListener {
 public:
  // At any port, or at one that was used before.
  explicit LoopbackListener(uint16_t port = 0);
  ~LoopbackListener();
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;

  const Address& address() const { return address_; }

 private:
  int fd_;
  Address address_;
};

}  // namespace sluice::server

#endif  // TEST_PROXY_SERVER_LOOPBACK_LISTENER_H_
