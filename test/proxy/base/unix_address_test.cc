#include "proxy/base/unix_address.h"

#include <sys/socket.h>

#include <string>

#include "gtest/gtest.h"

namespace sluice {
namespace {

TEST(UnixAddressTest, HasAPathAndTheEndOfIt) {
  const std::string longest(kMaxUnixPath, 'x');
  for (const std::string& path : {std::string("/run/a.sock"), longest}) {
    const auto address = UnixAddress(path);
    ASSERT_TRUE(address.has_value());
    EXPECT_EQ(address->sun_family, AF_UNIX);
    EXPECT_EQ(std::string(address->sun_path), path);
  }
  EXPECT_FALSE(UnixAddress(longest + "x").has_value());
}

}  // namespace
}  // namespace sluice
