#include "proxy/base/queued_log_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"

namespace sluice {
namespace {

absl::Time FixedTime() { return absl::FromUnixMillis(1769860800123); }

class Pipe {
 public:
  Pipe() { EXPECT_EQ(pipe(fds_), 0); }
  ~Pipe() {
    CloseWriter();
    close(fds_[0]);
  }

  int writer() const { return fds_[1]; }
  void CloseWriter() {
    if (fds_[1] >= 0) close(fds_[1]);
    fds_[1] = -1;
  }
  // What is there, and what comes until `end` has or the writer is closed.
  std::string ReadUntil(const std::string& end) {
    std::string all;
    char buffer[4096];
    ssize_t got;
    while (!absl::EndsWith(all, end) &&
           (got = read(fds_[0], buffer, sizeof(buffer))) > 0) {
      all.append(buffer, static_cast<size_t>(got));
    }
    return all;
  }
  std::string ReadAll() {
    CloseWriter();
    return ReadUntil("no such end");
  }

 private:
  int fds_[2];
};

TEST(QueuedLogSinkTest, WritesAllInOrderBeforeItEnds) {
  Pipe pipe;
  std::string expected;
  {
    QueuedLogSink sink(pipe.writer(), LogFormat::kText);
    for (int i = 0; i < 1000; ++i) {
      const std::string line = absl::StrCat(i, "\n");
      sink.Write(line);
      expected += line;
    }
  }
  EXPECT_EQ(pipe.ReadAll(), expected);
}

TEST(QueuedLogSinkTest, WhatIsFlushedIsThere) {
  Pipe pipe;
  fcntl(pipe.writer(), F_SETFL, O_NONBLOCK);
  QueuedLogSink sink(pipe.writer(), LogFormat::kText);
  sink.Write("last words\n");
  sink.Flush();
  EXPECT_EQ(pipe.ReadUntil("\n"), "last words\n");
}

TEST(QueuedLogSinkTest, KeepsTheLinesOfThreadsWhole) {
  Pipe pipe;
  // Longer than a pipe takes at once.
  const std::string value(10000, 'x');
  constexpr int kThreads = 4;
  constexpr int kLines = 20;
  std::string all;
  std::thread reader;
  {
    QueuedLogSink sink(pipe.writer(), LogFormat::kText);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&sink, &value] {
        Logger logger(&sink, LogLevel::kInfo, LogFormat::kText, FixedTime);
        for (int n = 0; n < kLines; ++n) logger.Info("e", {{"v", value}});
      });
    }
    reader = std::thread([&] { all = pipe.ReadUntil("no such end"); });
    for (std::thread& thread : threads) thread.join();
  }
  pipe.CloseWriter();
  reader.join();

  std::vector<std::string> lines = absl::StrSplit(all, '\n');
  ASSERT_EQ(lines.size(), kThreads * kLines + 1u);
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  for (const std::string& line : lines) {
    EXPECT_EQ(line, "2026-01-31T12:00:00.123Z INFO e v=" + value);
  }
}

// Who logs does not wait, and who reads is told what is missing, where it is.
TEST(QueuedLogSinkTest, AReaderThatStopsIsToldHowManyLinesItHasMissed) {
  Pipe pipe;
  constexpr uint64_t kLines = 4000;
  constexpr size_t kCapacity = 64 * 1024;
  const std::string padding(240, 'x');
  uint64_t dropped = 0;
  std::string all;
  std::thread reader;
  {
    QueuedLogSink sink(pipe.writer(), LogFormat::kText, kCapacity);
    for (uint64_t i = 0; i < kLines; ++i) {
      sink.Write(absl::StrCat(i, " ", padding, "\n"));
    }
    dropped = sink.dropped();
    // Two queues and a pipe of 64 KiB each.
    EXPECT_GE(dropped, kLines - 3 * kCapacity / padding.size());
    EXPECT_LT(dropped, kLines);
    reader = std::thread([&] { all = pipe.ReadUntil("no such end"); });
  }
  pipe.CloseWriter();
  reader.join();

  std::vector<std::string> lines = absl::StrSplit(all, '\n');
  EXPECT_EQ(lines.back(), "");
  lines.pop_back();
  // More than one may tell of what is missing: lines that are taken away while
  // others are dropped make room for more.
  uint64_t written = 0;
  uint64_t told = 0;
  for (const std::string& line : lines) {
    const std::vector<std::string> parts =
        absl::StrSplit(line, " ERROR log_dropped lines=");
    if (parts.size() == 1) {
      EXPECT_EQ(line, absl::StrCat(written + told, " ", padding));
      ++written;
      continue;
    }
    told += std::stoull(parts[1]);
    EXPECT_TRUE(absl::EndsWith(line, absl::StrCat(" total=", told))) << line;
  }
  EXPECT_EQ(told, dropped);
  EXPECT_EQ(written + dropped, kLines);
}

TEST(QueuedLogSinkTest, AReaderThatNeverReadsDoesNotKeepItFromEnding) {
  Pipe pipe;
  QueuedLogSink sink(pipe.writer(), LogFormat::kText);
  const std::string line = std::string(255, 'x') + "\n";
  for (int i = 0; i < 1000; ++i) sink.Write(line);
}

TEST(QueuedLogSinkTest, CountsWhatAFullDiskDoesNotTake) {
  const int full = open("/dev/full", O_WRONLY);
  ASSERT_GE(full, 0);
  QueuedLogSink sink(full, LogFormat::kText);
  for (int i = 0; i < 100; ++i) sink.Write("line\n");
  sink.Flush();
  EXPECT_EQ(sink.dropped(), 100u);
  close(full);
}

TEST(QueuedLogSinkTest, DropsWhatCannotBeWritten) {
  QueuedLogSink sink(-1, LogFormat::kText);
  sink.Write("lost\n");
  sink.Flush();
  EXPECT_EQ(sink.dropped(), 1u);
}

}  // namespace
}  // namespace sluice
