#include "policy/server/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "test/testing/test_certificates.h"

namespace sluice::policy {
namespace {

class UnixSocketTest : public ::testing::Test {
 protected:
  // A socket's path must be short, and test directories are deep.
  void SetUp() override { ASSERT_EQ(chdir(dir_.path().c_str()), 0); }

  ~UnixSocketTest() override { Close(); }

  // Binds a socket at the path and listens; the caller's to close.
  void Listen(int backlog = 1) {
    fd_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)),
              0);
    ASSERT_EQ(listen(fd_, backlog), 0);
  }

  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  bool Exists() { return access(path_.c_str(), F_OK) == 0; }

  const sluice::testing::TempDir dir_;
  const std::string path_ = "socket";
  int fd_ = -1;
};

TEST_F(UnixSocketTest, NothingThereIsFine) {
  EXPECT_TRUE(RemoveStaleSocket(path_).ok());
}

TEST_F(UnixSocketTest, RemovesTheSocketOfADeadServer) {
  Listen();
  Close();
  ASSERT_TRUE(Exists());
  EXPECT_TRUE(RemoveStaleSocket(path_).ok());
  EXPECT_FALSE(Exists());
}

TEST_F(UnixSocketTest, LeavesALiveServerAlone) {
  Listen();
  EXPECT_EQ(RemoveStaleSocket(path_).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Exists());
}

TEST_F(UnixSocketTest, LeavesALiveServerWithAFullBacklogAlone) {
  Listen(/*backlog=*/0);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(RemoveStaleSocket(path_).code(),
              absl::StatusCode::kAlreadyExists);
  }
  EXPECT_TRUE(Exists());
}

TEST_F(UnixSocketTest, LeavesOtherFilesAlone) {
  dir_.Write("socket", "precious");
  EXPECT_EQ(RemoveStaleSocket(path_).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Exists());
}

TEST_F(UnixSocketTest, PrivateUmaskLastsAsLongAsItsObject) {
  const mode_t before = umask(022);
  {
    const ScopedPrivateUmask mask;
    Listen();
  }
  EXPECT_EQ(sluice::testing::ModeOf(path_), 0600u);
  EXPECT_EQ(umask(before), mode_t{022});
}

}  // namespace
}  // namespace sluice::policy
