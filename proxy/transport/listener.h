#ifndef PROXY_TRANSPORT_LISTENER_H_
#define PROXY_TRANSPORT_LISTENER_H_

#include <uv.h>

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "proxy/base/address.h"
#include "proxy/base/unique_fd.h"
#include "proxy/transport/event_loop.h"
#include "proxy/transport/socket_address.h"
#include "proxy/transport/uv_handle.h"

namespace sluice::transport {

// Sockets that listen at one address together, one for each event loop; the
// kernel spreads clients over them (SO_REUSEPORT).
struct ListeningSockets {
  std::vector<UniqueFd> sockets;
  SocketAddress address;  // with the port that was found for port 0

  // Resolves a name, waiting; binds all, but does not listen yet, so that a
  // program can open everything before it takes clients.
  static absl::StatusOr<ListeningSockets> Bind(const Address& address,
                                               size_t count);
};

// Accepts connections on one event loop.
class Listener {
 public:
  class HandlerInterface {
   public:
    virtual ~HandlerInterface() = default;
    // A connected socket, non-blocking and without Nagle's algorithm.
    virtual void OnAccept(Listener* listener, UniqueFd socket,
                          const SocketAddress& client) = 0;
    virtual void OnAcceptFailure(int error) = 0;
  };

  // `loop` and `handler` outlive the listener. Before the loop's start or on
  // its thread.
  static absl::StatusOr<std::unique_ptr<Listener>> Create(
      EventLoop* loop, UniqueFd socket, HandlerInterface* handler);

  // On the loop's thread: stops listening.
  ~Listener();

 private:
  Listener(EventLoop* loop, UniqueFd socket, HandlerInterface* handler);

  void Resume();
  void AcceptSome();
  void Pause();

  UniqueFd socket_;
  HandlerInterface* handler_;
  UvHandle<uv_poll_t> poll_;
  UvHandle<uv_timer_t> pause_;
};

}  // namespace sluice::transport

#endif  // PROXY_TRANSPORT_LISTENER_H_
