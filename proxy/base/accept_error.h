#ifndef PROXY_BASE_ACCEPT_ERROR_H_
#define PROXY_BASE_ACCEPT_ERROR_H_

namespace sluice {

// Whether `error`, an errno of accept(2), is that of one client that has gone
// already, or a signal's: then the next client can be accepted at once. Any
// other is the listener's, and would only repeat itself.
bool IsOfTheClient(int error);

}  // namespace sluice

#endif  // PROXY_BASE_ACCEPT_ERROR_H_
