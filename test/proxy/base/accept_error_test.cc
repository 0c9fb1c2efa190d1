#include "proxy/base/accept_error.h"

#include <cerrno>

#include "gtest/gtest.h"

namespace sluice {
namespace {

TEST(AcceptErrorTest, TellsAClientsErrorFromTheListeners) {
  for (const int error :
       {EINTR, ECONNABORTED, EPERM, EPROTO, ENETDOWN, ENOPROTOOPT, EHOSTDOWN,
        ENONET, EHOSTUNREACH, EOPNOTSUPP, ENETUNREACH}) {
    EXPECT_TRUE(IsOfTheClient(error)) << error;
  }
  for (const int error : {EMFILE, ENFILE, ENOBUFS, ENOMEM, EBADF, EINVAL}) {
    EXPECT_FALSE(IsOfTheClient(error)) << error;
  }
}

}  // namespace
}  // namespace sluice
