#include "proxy/server/line_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "test/testing/test_certificates.h"

namespace sluice::server {
namespace {

using Priority = LineWriter::Priority;

std::string Read(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class CollectingSink : public LogSinkInterface {
 public:
  void Write(absl::string_view line) override {
    std::lock_guard<std::mutex> lock(mutex_);
    absl::StrAppend(&text_, line);
  }
  std::string text() {
    std::lock_guard<std::mutex> lock(mutex_);
    return text_;
  }

 private:
  std::mutex mutex_;
  std::string text_;
};

class LineWriterTest : public ::testing::Test {
 protected:
  std::unique_ptr<LineWriter> Open(const std::string& path) {
    auto writer = LineWriter::Open(path, &logger_);
    EXPECT_TRUE(writer.ok()) << writer.status();
    return writer.ok() ? *std::move(writer) : nullptr;
  }

  const sluice::testing::TempDir dir_;
  const std::string path_ = absl::StrCat(dir_.path(), "/audit.log");
  CollectingSink sink_;
  Logger logger_{&sink_, LogLevel::kInfo, LogFormat::kText};
};

TEST_F(LineWriterTest, AppendsAndWritesAllBeforeItEnds) {
  dir_.Write("audit.log", "there before\n");
  {
    auto writer = Open(path_);
    for (int i = 0; i < 3; ++i) {
      writer->Write(absl::StrCat(i, "\n"), Priority::kLow);
    }
  }
  EXPECT_EQ(Read(path_), "there before\n0\n1\n2\n");
}

TEST_F(LineWriterTest, MakesAFileThatOthersCannotRead) {
  Open(path_);
  struct stat status;
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0137, 0u);
}

TEST_F(LineWriterTest, SaysWhyAFileCannotBeOpened) {
  const std::string missing = absl::StrCat(dir_.path(), "/none/audit.log");
  const auto writer = LineWriter::Open(missing, &logger_);
  ASSERT_FALSE(writer.ok());
  EXPECT_EQ(
      writer.status().message(),
      absl::StrCat("cannot open ", missing, ": No such file or directory"));
  EXPECT_FALSE(LineWriter::Open(dir_.path(), &logger_).ok());
}

TEST_F(LineWriterTest, DoesNotWaitForTheReaderOfAPipe) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  EXPECT_FALSE(LineWriter::Open(path_, &logger_).ok());
}

TEST_F(LineWriterTest, LosesNothingWhenTheFileIsRenamed) {
  const std::string old = path_ + ".1";
  std::string expected;
  {
    auto writer = Open(path_);
    for (int i = 0; i < 1000; ++i) {
      const std::string line = absl::StrCat(i, "\n");
      expected += line;
      writer->Write(line, Priority::kLow);
      if (i == 500) {
        ASSERT_EQ(rename(path_.c_str(), old.c_str()), 0);
        writer->Reopen();
      }
    }
  }
  const std::string after = Read(path_);
  EXPECT_EQ(Read(old) + after, expected);
  EXPECT_TRUE(absl::EndsWith(after, "\n999\n"));
}

TEST_F(LineWriterTest, StaysWithTheOldFileWhenTheNewOneFails) {
  const std::string folder = absl::StrCat(dir_.path(), "/logs");
  const std::string moved = absl::StrCat(dir_.path(), "/moved");
  ASSERT_EQ(mkdir(folder.c_str(), 0700), 0);
  {
    auto writer = Open(folder + "/audit.log");
    ASSERT_EQ(rename(folder.c_str(), moved.c_str()), 0);
    writer->Reopen();
    writer->Write("line\n", Priority::kHigh);
  }
  EXPECT_EQ(Read(moved + "/audit.log"), "line\n");
  EXPECT_TRUE(absl::StrContains(sink_.text(), "audit_reopen_failed"));
}

TEST_F(LineWriterTest, CountsWhatAFullDiskDoesNotTakeAndSaysSoOnce) {
  uint64_t dropped;
  {
    auto writer = Open("/dev/full");
    for (int i = 0; i < 100; ++i) writer->Write("line\n", Priority::kHigh);
    while (writer->dropped() < 100) usleep(100);
    dropped = writer->dropped();
  }
  EXPECT_EQ(dropped, 100u);
  const std::string log = sink_.text();
  const size_t first = log.find("audit_dropped");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(log.find("audit_dropped", first + 1), std::string::npos) << log;
  EXPECT_TRUE(absl::StrContains(log, "No space left on device"));
}

// Whoever brings the lines does not wait, and neither does the end.
TEST_F(LineWriterTest, AReaderThatDoesNotReadStopsNothing) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const int reader = open(path_.c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(reader, 0);
  constexpr size_t kLines = 4000;
  constexpr size_t kCapacity = 64 * 1024;
  const std::string line = std::string(255, 'x') + "\n";
  uint64_t dropped = 0;
  {
    auto writer = LineWriter::Open(path_, &logger_, kCapacity);
    ASSERT_TRUE(writer.ok());
    for (size_t i = 0; i < kLines; ++i) {
      (*writer)->Write(line, Priority::kHigh);
    }
    dropped = (*writer)->dropped();
  }
  // Two queues and a pipe of 64 KiB each.
  EXPECT_GE(dropped, kLines - 3 * kCapacity / line.size());
  EXPECT_LT(dropped, kLines);
  close(reader);
}

}  // namespace
}  // namespace sluice::server
