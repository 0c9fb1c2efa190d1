#ifndef TEST_TESTING_UNIX_LISTENER_H_
#define TEST_TESTING_UNIX_LISTENER_H_

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "proxy/base/unique_fd.h"
#include "test/testing/test_certificates.h"

namespace sluice::testing {

// Listens at "s" in a directory that it makes the working directory, since the
// paths of test directories may be too long. Accepts nobody by itself.
class UnixListener {
 public:
  // `backlog` clients and one are queued.
  explicit UnixListener(int backlog) : socket_(NewSocket()) {
    EXPECT_EQ(chdir(directory_.path().c_str()), 0);
    address_.sun_family = AF_UNIX;
    address_.sun_path[0] = 's';
    EXPECT_EQ(bind(socket_.get(), address(), sizeof(address_)), 0);
    EXPECT_EQ(listen(socket_.get(), backlog), 0);
  }

  // A client that has found room.
  UniqueFd Connect() const {
    UniqueFd client = NewSocket();
    EXPECT_EQ(connect(client.get(), address(), sizeof(address_)), 0);
    return client;
  }
  UniqueFd Accept() const {
    return UniqueFd(accept(socket_.get(), nullptr, nullptr));
  }
  void Close() { socket_ = UniqueFd(); }

 private:
  static UniqueFd NewSocket() {
    return UniqueFd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  }
  const sockaddr* address() const {
    return reinterpret_cast<const sockaddr*>(&address_);
  }

  TempDir directory_;
  sockaddr_un address_{};
  UniqueFd socket_;
};

}  // namespace sluice::testing

#endif  // TEST_TESTING_UNIX_LISTENER_H_
