#include "proxy/base/file_watcher.h"

#include <sys/stat.h>
#include <time.h>

#include <utility>

namespace sluice {
namespace {

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

FileWatcher::FileWatcher(Options options)
    : options_(std::move(options)),
      files_(options_.files),
      known_(options_.known),
      seen_(known_),
      thread_([this] {
        LookAgain();
        return options_.interval;
      }) {}

void FileWatcher::SetFiles(std::vector<std::string> files,
                           std::vector<State> known) {
  std::lock_guard<std::mutex> lock(mutex_);
  files_ = std::move(files);
  known_ = std::move(known);
  seen_ = known_;
}

std::vector<FileWatcher::State> FileWatcher::Look(
    const std::vector<std::string>& files) {
  std::vector<State> states;
  states.reserve(files.size());
  for (const std::string& file : files) {
    State& state = states.emplace_back();
    struct stat found;
    if (stat(file.c_str(), &found) != 0) continue;
    state.device = found.st_dev;
    state.inode = found.st_ino;
    state.size = found.st_size;
    state.written_at = Nanoseconds(found.st_mtim);
    state.changed_at = Nanoseconds(found.st_ctim);
  }
  return states;
}

void FileWatcher::LookAgain() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    std::vector<State> now = Look(files_);
    const bool settled = now == seen_;
    seen_ = std::move(now);
    if (!settled || seen_ == known_) return;
    known_ = seen_;
  }
  options_.on_change();
}

}  // namespace sluice
