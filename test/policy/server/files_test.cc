#include "policy/server/files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "test/testing/test_certificates.h"

namespace sluice::policy {
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

TEST(FilesTest, ReadsAFileWhole) {
  const sluice::testing::TempDir dir;
  const std::string contents(1 << 20, '\0');
  EXPECT_EQ(*ReadSmallFile(dir.Write("zeros", contents)), contents);
  EXPECT_EQ(*ReadSmallFile(dir.Write("empty", "")), "");
}

TEST(FilesTest, NamesTheFileThatCannotBeRead) {
  const sluice::testing::TempDir dir;
  const std::string fifo = dir.path() + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const struct {
    std::string path;
    const char* reason;
  } kCases[] = {
      {dir.path() + "/missing", "No such file"},
      {dir.path(), "not a regular file"},
      {fifo, "not a regular file"},
      {dir.Write("big", std::string((1 << 20) + 1, 'x')), "longer than 1 MiB"},
  };
  for (const auto& c : kCases) {
    const absl::Status status = ReadSmallFile(c.path).status();
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.path));
    EXPECT_THAT(std::string(status.message()), HasSubstr(c.reason));
  }
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
}  // namespace sluice::policy
