#include "proxy/base/file_watcher.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdio>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>

namespace sluice {
namespace {

class FileWatcherTest : public ::testing::Test {
 protected:
  FileWatcherTest() {
    char name[] = "/tmp/file_watcher_test.XXXXXX";
    dir_ = mkdtemp(name);
    file_ = dir_ + "/file";
    Write(file_, "1");
    watcher_ = std::make_unique<FileWatcher>(FileWatcher::Options{
        absl::Milliseconds(5), {file_}, [this] { Count(); }});
  }
  ~FileWatcherTest() override {
    watcher_.reset();
    unlink(file_.c_str());
    unlink((dir_ + "/other").c_str());
    unlink((dir_ + "/new").c_str());
    rmdir(dir_.c_str());
  }

  static void Write(const std::string& file, const std::string& contents) {
    std::ofstream(file) << contents;
  }
  void AwaitChange(int count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return count_ >= count; });
    EXPECT_EQ(count_, count);
  }

  std::string dir_;
  std::string file_;
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
  Write(file_, "22");
  AwaitChange(1);
  Write(dir_ + "/new", "22");
  std::rename((dir_ + "/new").c_str(), file_.c_str());
  AwaitChange(2);
  unlink(file_.c_str());
  AwaitChange(3);
  Write(file_, "4");
  AwaitChange(4);
}

TEST_F(FileWatcherTest, WatchesOtherFilesOnceItIsTold) {
  Write(dir_ + "/other", "1");
  watcher_->SetFiles({dir_ + "/other"});
  Write(file_, "22");
  Write(dir_ + "/other", "22");
  AwaitChange(1);
}

}  // namespace
}  // namespace sluice
