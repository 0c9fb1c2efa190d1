#ifndef PROXY_SERVER_LINE_WRITER_H_
#define PROXY_SERVER_LINE_WRITER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/base/line_output.h"
#include "proxy/base/line_queue.h"
#include "proxy/base/log.h"

namespace sluice::server {

// Appends lines to a file, or to standard output, on a thread of its own: who
// brings a line waits for no disk. Lines that do not fit into the queue, or
// that the disk does not take, are dropped and counted; the log says so at most
// once a minute (`audit_dropped`). Thread-safe.
class LineWriter {
 public:
  using Priority = LineQueue::Priority;

  static constexpr size_t kDefaultCapacity = 4 * 1024 * 1024;

  // `path`: a file, made with mode 0640 where there is none, or "-". Fails when
  // it cannot be written. The writer holds up to twice `capacity` in bytes:
  // what waits, and what is being written. `logger` outlives it.
  static absl::StatusOr<std::unique_ptr<LineWriter>> Open(
      std::string path, Logger* logger, size_t capacity = kDefaultCapacity);
  // Whether Open() would find a file that it can write, or a place for one.
  // Makes none.
  static absl::Status CheckCanOpen(const std::string& path);
  // Writes what waits, unless the reader of a pipe lets it wait for too long.
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  // `line` ends with the only line break in it.
  void Write(absl::string_view line, Priority priority);

  // Opens the file by its name again, soon and before the next line is written:
  // for whoever has renamed it. On failure the old one goes on being written,
  // and the log says so (`audit_reopen_failed`). Standard output stays.
  void Reopen();

  // Lines that were.
  const std::atomic<uint64_t>& dropped() const { return dropped_; }

 private:
  LineWriter(std::string path, Logger* logger, size_t capacity)
      : path_(std::move(path)), logger_(*logger), queue_(capacity) {}

  // On failure the file that was open stays so.
  absl::Status OpenFile();
  void CloseFile();
  // The thread's work.
  void Run();
  void Drop(uint64_t lines, absl::string_view why);

  const std::string path_;
  Logger& logger_;
  LineQueue queue_;
  LineOutput output_;
  std::atomic<uint64_t> dropped_{0};
  std::atomic<int64_t> told_at_{0};  // of drops; seconds of the system's clock
  std::atomic<bool> reopen_{false};

  // Of the thread, once it runs.
  int fd_ = -1;
  std::thread thread_;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_LINE_WRITER_H_
