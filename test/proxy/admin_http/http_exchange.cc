#include "test/proxy/admin_http/http_exchange.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "absl/strings/str_cat.h"

namespace sluice {

UniqueFd Connect(const Address& address) {
  UniqueFd socket_fd(socket(AF_INET, SOCK_STREAM, 0));
  const int fd = socket_fd.get();
  EXPECT_GE(fd, 0);
  sockaddr_in to = {};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  EXPECT_EQ(inet_pton(AF_INET, address.host.c_str(), &to.sin_addr), 1);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)), 0);
  return socket_fd;
}

std::string Exchange(const Address& address, absl::string_view request) {
  const UniqueFd socket = Connect(address);
  const int fd = socket.get();
  EXPECT_EQ(send(fd, request.data(), request.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(request.size()));
  std::string response;
  char buffer[4096];
  ssize_t got;
  while ((got = recv(fd, buffer, sizeof(buffer), 0)) > 0) {
    response.append(buffer, static_cast<size_t>(got));
  }
  return response;
}

std::string Get(const Address& address, absl::string_view path) {
  return Exchange(address,
                  absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: a\r\n\r\n"));
}

}  // namespace sluice
