#ifndef PROXY_TRANSPORT_UV_HANDLE_H_
#define PROXY_TRANSPORT_UV_HANDLE_H_

#include <uv.h>

#include <memory>

namespace sluice::transport {

// Closes a libuv handle, and frees it when libuv lets go of it. No callback of
// the handle itself runs after that; callbacks of requests that are still under
// way do, and find `data` null.
struct UvCloser {
  template <typename Handle>
  void operator()(Handle* handle) const {
    auto* base = reinterpret_cast<uv_handle_t*>(handle);
    base->data = nullptr;
    uv_close(base, [](uv_handle_t* closed) {
      delete reinterpret_cast<Handle*>(closed);
    });
  }
};

// An initialised handle. Create and destroy on its loop's thread.
template <typename Handle>
using UvHandle = std::unique_ptr<Handle, UvCloser>;

// A stream handle whose kind was forgotten: a uv_tcp_t or a uv_pipe_t, which
// are told apart by uv_handle_t::type.
struct UvStreamCloser {
  void operator()(uv_stream_t* stream) const {
    if (stream->type == UV_NAMED_PIPE) {
      UvCloser()(reinterpret_cast<uv_pipe_t*>(stream));
    } else {
      UvCloser()(reinterpret_cast<uv_tcp_t*>(stream));
    }
  }
};
using UvStream = std::unique_ptr<uv_stream_t, UvStreamCloser>;

inline UvStream ToStream(UvHandle<uv_tcp_t> tcp) {
  return UvStream(reinterpret_cast<uv_stream_t*>(tcp.release()));
}
inline UvStream ToStream(UvHandle<uv_pipe_t> pipe) {
  return UvStream(reinterpret_cast<uv_stream_t*>(pipe.release()));
}

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_UV_HANDLE_H_
