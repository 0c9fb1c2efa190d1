#ifndef PROXY_BASE_QUEUED_LOG_SINK_H_
#define PROXY_BASE_QUEUED_LOG_SINK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <thread>

#include "absl/strings/string_view.h"
#include "proxy/base/line_output.h"
#include "proxy/base/line_queue.h"
#include "proxy/base/log.h"

namespace sluice {

// Writes to a file descriptor that it does not own, in order, on a thread of
// its own: who logs waits for no disk, and for nobody who reads the other end
// of a pipe. Lines that do not fit into the queue, or that the descriptor does
// not take, are dropped and counted: a program does not stop because its log is
// full. When it goes on again a line says how many are missing (`log_dropped`).
class QueuedLogSink final : public LogSinkInterface {
 public:
  static constexpr size_t kDefaultCapacity = 4 * 1024 * 1024;

  // Starts the thread, which inherits what the caller's has given up: see
  // EnterSandbox(). `format` is that of the sink's own line. It holds up to
  // twice `capacity` in bytes: what waits, and what is being written.
  QueuedLogSink(int fd, LogFormat format, size_t capacity = kDefaultCapacity);
  // Writes what waits, unless a reader lets it wait for longer than two
  // seconds.
  ~QueuedLogSink() override;
  QueuedLogSink(const QueuedLogSink&) = delete;
  QueuedLogSink& operator=(const QueuedLogSink&) = delete;

  void Write(absl::string_view line) override;
  // Waits for two seconds at most.
  void Flush() override;
  uint64_t dropped() const override { return queue_.refused() + lost_; }

 private:
  // The thread's work.
  void Run();
  void TellDropped(uint64_t dropped);

  const LogFormat format_;
  LineQueue queue_;
  LineOutput output_;
  std::atomic<uint64_t> lost_{0};  // which the descriptor did not take
  uint64_t told_ = 0;              // of those dropped; the thread's
  std::thread thread_;             // last: uses all of the above
};

}  // namespace sluice

#endif  // PROXY_BASE_QUEUED_LOG_SINK_H_
