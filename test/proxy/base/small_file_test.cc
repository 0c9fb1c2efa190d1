#include "proxy/base/small_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>

#include "test/testing/test_certificates.h"

namespace sluice {
namespace {

using ::testing::HasSubstr;

TEST(SmallFileTest, ReadsAFileWhole) {
  const sluice::testing::TempDir dir;
  const std::string contents(1 << 20, '\0');
  EXPECT_EQ(*ReadSmallFile(dir.Write("zeros", contents)), contents);
  EXPECT_EQ(*ReadSmallFile(dir.Write("empty", "")), "");
}

TEST(SmallFileTest, NamesTheFileThatCannotBeRead) {
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

// What /proc says of its files' sizes is 0.
TEST(SmallFileTest, RefusesWhatIsLongerThanItSays) {
  EXPECT_THAT(std::string(ReadSmallFile("/proc/self/stat").status().message()),
              HasSubstr("/proc/self/stat: it is being written to"));
}

}  // namespace
}  // namespace sluice
