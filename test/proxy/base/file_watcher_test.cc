#include "proxy/base/file_watcher.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "test/testing/test_certificates.h"

namespace sluice {
namespace {

class FileWatcherTest : public ::testing::Test {
 protected:
  FileWatcherTest() : file_(dir_.Write("file", "1")) {
    Watch(FileWatcher::Look({file_}));
  }
  ~FileWatcherTest() override { watcher_.reset(); }

  void Watch(std::vector<FileWatcher::State> known) {
    FileWatcher::Options options;
    options.interval = absl::Milliseconds(5);
    options.files = {file_};
    options.known = std::move(known);
    options.on_change = [this] { Count(); };
    watcher_ = std::make_unique<FileWatcher>(std::move(options));
  }
  // Later than what was done to it before, by the file system's clock.
  void SetMode(mode_t mode) {
    const auto changed_at = [this] {
      struct stat found = {};
      stat(file_.c_str(), &found);
      return std::make_pair(found.st_ctim.tv_sec, found.st_ctim.tv_nsec);
    };
    const auto before = changed_at();
    do {
      chmod(file_.c_str(), mode);
    } while (changed_at() == before);
  }
  void AwaitChange(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
    EXPECT_EQ(count_, count);
  }

  const testing::TempDir dir_;
  const std::string file_;
  std::unique_ptr<FileWatcher> watcher_;

 private:
  void Count() {
    std::lock_guard<std::mutex> lock(mutex_);
    ++count_;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

TEST_F(FileWatcherTest, SeesWhatIsWrittenReplacedAndRemoved) {
  dir_.Write("file", "22");
  AwaitChange(1);
  std::rename(dir_.Write("new", "22").c_str(), file_.c_str());
  AwaitChange(2);
  unlink(file_.c_str());
  AwaitChange(3);
  dir_.Write("file", "4");
  AwaitChange(4);
}

TEST_F(FileWatcherTest, SeesThatItMayBeReadNow) {
  SetMode(0);
  AwaitChange(1);
  SetMode(0600);
  AwaitChange(2);
}

TEST_F(FileWatcherTest, WatchesOtherFilesOnceItIsTold) {
  const std::vector<std::string> files = {dir_.Write("other", "1")};
  watcher_->SetFiles(files, FileWatcher::Look(files));
  dir_.Write("file", "22");
  dir_.Write("other", "22");
  AwaitChange(1);
}

TEST_F(FileWatcherTest, SeesWhatChangedBeforeItBegan) {
  const std::vector<std::string> files = {dir_.Write("other", "1")};
  const auto known = FileWatcher::Look(files);
  dir_.Write("other", "22");
  watcher_->SetFiles(files, known);
  AwaitChange(1);
  const auto known_then = FileWatcher::Look({file_});
  dir_.Write("file", "22");
  Watch(known_then);
  AwaitChange(2);
}

}  // namespace
}  // namespace sluice
