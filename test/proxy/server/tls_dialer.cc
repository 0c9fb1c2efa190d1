#include "test/proxy/server/tls_dialer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/proxy/transport/tls_peer.h"

namespace sluice::server {

std::string ServerCommonName(const Address& address) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  EXPECT_EQ(inet_pton(AF_INET, address.host.c_str(), &to.sin_addr), 1);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  transport::TlsPeer peer(TLS1_3_VERSION);
  const auto send_output = [&peer, fd] {
    const std::string records = peer.TakeOutput();
    send(fd, records.data(), records.size(), MSG_NOSIGNAL);
  };
  send_output();
  char buffer[4096];
  while (!peer.is_ready()) {
    const ssize_t got = recv(fd, buffer, sizeof(buffer), 0);
    if (got <= 0) break;
    peer.Feed({buffer, static_cast<size_t>(got)});
    send_output();
  }
  EXPECT_TRUE(peer.is_ready());
  const std::string name = peer.ServerCommonName();
  // The server's answer to close_notify shows that it has seen the handshake's
  // end.
  peer.Shutdown();
  send_output();
  while (recv(fd, buffer, sizeof(buffer), 0) > 0) {
  }
  close(fd);
  return name;
}

}  // namespace sluice::server
