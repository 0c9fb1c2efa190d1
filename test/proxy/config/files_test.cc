#include "proxy/config/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "test/testing/test_certificates.h"

namespace sluice::config {
namespace {

using ::testing::HasSubstr;

TEST(FilesTest, ResolvesAgainstTheDirectoryOfTheConfiguration) {
  EXPECT_EQ(ResolvePath("/etc/sluice/policy.yaml", "a.pem"),
            "/etc/sluice/a.pem");
  EXPECT_EQ(ResolvePath("conf/policy.yaml", "../a.pem"), "conf/../a.pem");
  EXPECT_EQ(ResolvePath("policy.yaml", "a.pem"), "a.pem");
  EXPECT_EQ(ResolvePath("/policy.yaml", "a.pem"), "/a.pem");
  EXPECT_EQ(ResolvePath("/etc/policy.yaml", "/a.pem"), "/a.pem");
}

TEST(FilesTest, SaysWhetherADirectoryIsThere) {
  const sluice::testing::TempDir dir;
  EXPECT_TRUE(CheckDirectoryOf(dir.path() + "/new").ok());
  EXPECT_TRUE(CheckDirectoryOf("new").ok());
  EXPECT_TRUE(CheckDirectoryOf("/new").ok());
  const std::string file = dir.Write("file", "");
  for (const std::string& path : {dir.path() + "/none/new", file + "/new"}) {
    EXPECT_THAT(std::string(CheckDirectoryOf(path).message()),
                HasSubstr(path.substr(0, path.size() - 3)));
  }
}

}  // namespace
}  // namespace sluice::config
