#ifndef PROXY_BASE_FILE_WATCHER_H_
#define PROXY_BASE_FILE_WATCHER_H_

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "proxy/base/wakeup_thread.h"

namespace sluice {

// Notices that files have changed: written to, or replaced, be it through a
// directory or a link on the way, as Kubernetes does with Secrets, or given to
// another owner or other permissions. It looks every now and then, which works
// on every file system, and waits until a change has settled: two files that
// belong together are seldom written at once. Has a thread of its own.
class FileWatcher {
 public:
  // What tells one state of a file from another; all zero without a file.
  struct State {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    int64_t written_at = 0;  // nanoseconds
    int64_t changed_at = 0;  // likewise; owner and permissions, too
    bool operator==(const State& other) const {
      return device == other.device && inode == other.inode &&
             size == other.size && written_at == other.written_at &&
             changed_at == other.changed_at;
    }
  };

  // How they are now. To be taken before they are read, so that a change in
  // between is one.
  static std::vector<State> Look(const std::vector<std::string>& files);

  struct Options {
    absl::Duration interval = absl::Seconds(1);
    std::vector<std::string> files;
    std::vector<State> known;  // of `files`, as they were read
    // Called on the watcher's thread, with no change under way. It may call
    // SetFiles().
    std::function<void()> on_change;
  };

  explicit FileWatcher(Options options);
  // Waits for a callback to return; so not from the callback.
  ~FileWatcher() = default;
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  // Watches `files` from now on, which are known so. Any thread.
  void SetFiles(std::vector<std::string> files, std::vector<State> known);

 private:
  // On the thread.
  void LookAgain();

  const Options options_;
  std::mutex mutex_;
  std::vector<std::string> files_;
  std::vector<State> known_;  // of files_, when on_change was called last
  std::vector<State> seen_;   // of files_, at the last look
  WakeupThread thread_;       // last: uses all of the above
};

}  // namespace sluice

#endif  // PROXY_BASE_FILE_WATCHER_H_
