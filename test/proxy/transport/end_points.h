#ifndef TEST_PROXY_TRANSPORT_END_POINTS_H_
#define TEST_PROXY_TRANSPORT_END_POINTS_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "absl/types/optional.h"
#include "proxy/base/unique_fd.h"
#include "proxy/transport/listener.h"
#include "proxy/transport/socket_address.h"
#include "test/proxy/transport/tls_peer.h"

namespace sluice::transport {

// A blocking TCP connection of a test; every wait has a generous bound, after
// which the test fails.
class TestSocket {
 public:
  explicit TestSocket(UniqueFd fd);
  static TestSocket Connect(const SocketAddress& address);
  // The same as a client of `source`, an address of this host.
  static TestSocket ConnectFrom(absl::string_view source,
                                const SocketAddress& address);

  void Send(absl::string_view bytes);
  // Some bytes; empty at the end (EOF or a reset).
  std::string Receive();
  std::string ReceiveExactly(size_t count);
  // Until the end.
  std::string ReceiveAll();
  // The latest end was a reset.
  bool was_reset() const { return was_reset_; }

  void FinishSending();
  // Ends the connection with RST.
  void Reset();
  void Close() { fd_ = UniqueFd(); }
  // For a slow reader; before data flows.
  void SetSmallBuffers();
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
  bool was_reset_ = false;
};

// A client of the proxy: TLS over TCP.
class TestClient {
 public:
  explicit TestClient(const SocketAddress& address,
                      const TlsPeer::Options& options = TlsPeer::Options());

  explicit TestClient(TestSocket connected)
      : socket_(std::move(connected)), tls_(TlsPeer::Options()) {}

  // Performs the handshake; false if the server ended it.
  bool Handshake();
  void Send(absl::string_view plaintext);
  // The plaintext of what is received next.
  std::string Receive();
  // Waits for that much plaintext.
  std::string ReceiveExactly(size_t count);
  // Waits for the end; returns the plaintext that came before.
  std::string ReceiveAll();
  // close_notify, then FIN.
  void Close();

  TestSocket& socket() { return socket_; }
  TlsPeer& tls() { return tls_; }

 private:
  bool Feed();

  TestSocket socket_;
  TlsPeer tls_;
};

// A broker that the test plays itself.
class TestBroker {
 public:
  TestBroker();
  const SocketAddress& address() const { return address_; }
  TestSocket Accept();
  // Refuses connections from now on.
  void Close() { fd_ = UniqueFd(); }

 private:
  UniqueFd fd_;
  SocketAddress address_;
};

}  // namespace sluice::transport

#endif  // TEST_PROXY_TRANSPORT_END_POINTS_H_
