#include "policy/ctl/files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "test/testing/test_certificates.h"

namespace sluice::ctl {
namespace {

class FilesTest : public ::testing::Test {
 protected:
  std::string Path(const char* name) const {
    return absl::StrCat(dir_.path(), "/", name);
  }

  const testing::TempDir dir_;
};

bool Exists(const std::string& path) {
  struct stat status;
  return lstat(path.c_str(), &status) == 0;
}

TEST_F(FilesTest, MakesFilesWithTheirModes) {
  const mode_t mask = umask(0);
  const absl::Status status =
      CreateFiles({{Path("a"), "private", 0600}, {Path("b"), "", 0644}});
  umask(mask);
  ASSERT_EQ(status, absl::OkStatus());
  EXPECT_EQ(testing::ModeOf(Path("a")), 0600u);
  EXPECT_EQ(testing::ModeOf(Path("b")), 0644u);
  EXPECT_EQ(ReadFile(Path("a")).value(), "private");
  EXPECT_EQ(ReadFile(Path("b")).value(), "");
}

TEST_F(FilesTest, OverwritesNothing) {
  ASSERT_EQ(CreateFiles({{Path("b"), "old", 0600}}), absl::OkStatus());
  const absl::Status status =
      CreateFiles({{Path("a"), "s3cret", 0600}, {Path("b"), "s3cret", 0600}});
  EXPECT_TRUE(absl::IsAlreadyExists(status)) << status;
  EXPECT_TRUE(absl::StrContains(status.message(), Path("b")));
  EXPECT_FALSE(absl::StrContains(status.message(), "s3cret"));
  EXPECT_FALSE(Exists(Path("a")));
  EXPECT_EQ(ReadFile(Path("b")).value(), "old");
}

TEST_F(FilesTest, FollowsNoSymbolicLink) {
  ASSERT_EQ(symlink(Path("target").c_str(), Path("link").c_str()), 0);
  EXPECT_TRUE(absl::IsAlreadyExists(CreateFiles({{Path("link"), "x", 0600}})));
  EXPECT_FALSE(Exists(Path("target")));
}

TEST_F(FilesTest, ReportsWhatCannotBeReadOrMade) {
  for (const absl::Status& status :
       {CreateFiles({{Path("no/such"), "x", 0600}}),
        ReadFile(Path("no-such")).status(), ReadFile(dir_.path()).status()}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
    EXPECT_TRUE(absl::StrContains(status.message(), dir_.path())) << status;
  }
}

TEST_F(FilesTest, SaysThatADirectoryIsOne) {
  EXPECT_EQ(ReadFile(dir_.path()).status().message(),
            dir_.path() + ": Is a directory");
}

TEST_F(FilesTest, ReadsStandardInput) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(write(ends[1], "rule", 4), 4);
  close(ends[1]);
  const int before = dup(STDIN_FILENO);
  dup2(ends[0], STDIN_FILENO);
  EXPECT_EQ(ReadFile("-").value(), "rule");
  dup2(before, STDIN_FILENO);
  close(before);
  close(ends[0]);
}

TEST_F(FilesTest, ReadsOneMebibyteAtMost) {
  const std::string most(size_t{1024} * 1024, 'x');
  ASSERT_EQ(
      CreateFiles({{Path("a"), most, 0600}, {Path("b"), most + "x", 0600}}),
      absl::OkStatus());
  EXPECT_EQ(ReadFile(Path("a")).value(), most);
  EXPECT_FALSE(ReadFile(Path("b")).ok());
}

TEST_F(FilesTest, SaysInWhichLineTextIsNotUtf8) {
  ASSERT_EQ(CreateFiles({{Path("a"), "caf\u00e9\n", 0600},
                         {Path("b"), "a\ncaf\xe9\n", 0600}}),
            absl::OkStatus());
  EXPECT_EQ(ReadTextFile(Path("a")).value(), "caf\u00e9\n");
  const absl::Status status = ReadTextFile(Path("b")).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(status));
  EXPECT_EQ(status.message(), Path("b") + ":2: not UTF-8");
  EXPECT_FALSE(ReadTextFile(Path("c")).ok());
}

}  // namespace
}  // namespace sluice::ctl
