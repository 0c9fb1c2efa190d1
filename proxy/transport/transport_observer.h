#ifndef PROXY_TRANSPORT_TRANSPORT_OBSERVER_H_
#define PROXY_TRANSPORT_TRANSPORT_OBSERVER_H_

#include "absl/strings/string_view.h"

namespace sluice::transport {

// Hears of what ends before a session begins. Called on the loops' threads.
class TransportObserverInterface {
 public:
  virtual ~TransportObserverInterface() = default;
  // `reason` is for people and holds no secret.
  virtual void OnHandshakeFailed(absl::string_view listener,
                                 absl::string_view client_address,
                                 absl::string_view reason) = 0;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_TRANSPORT_OBSERVER_H_
