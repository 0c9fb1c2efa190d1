#ifndef PROXY_TRANSPORT_UV_ERROR_H_
#define PROXY_TRANSPORT_UV_ERROR_H_

#include <uv.h>

#include "absl/status/status.h"

namespace sluice::transport {

// "connection reset by peer" and the like, as a status: kResourceExhausted
// where descriptors ran out, or else kUnavailable.
inline absl::Status UvError(int error) {
  return error == UV_EMFILE || error == UV_ENFILE
             ? absl::ResourceExhaustedError(uv_strerror(error))
             : absl::UnavailableError(uv_strerror(error));
}

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_UV_ERROR_H_
