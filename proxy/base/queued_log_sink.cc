#include "proxy/base/queued_log_sink.h"

#include <string>

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace sluice {
namespace {

constexpr absl::Duration kFlushTimeout = absl::Seconds(2);

}  // namespace

QueuedLogSink::QueuedLogSink(int fd, LogFormat format, size_t capacity)
    : format_(format), queue_(capacity) {
  output_.SetFd(fd);
  thread_ = std::thread([this] { Run(); });
}

QueuedLogSink::~QueuedLogSink() {
  output_.Stop();
  queue_.Close();
  thread_.join();
}

void QueuedLogSink::Write(absl::string_view line) {
  queue_.Push(line, LineQueue::Priority::kHigh);
}

void QueuedLogSink::Flush() { queue_.WaitUntilIdle(kFlushTimeout); }

void QueuedLogSink::Run() {
  std::string lines;
  uint64_t refused;
  while (queue_.Take(&lines, &refused)) {
    // What was dropped until then would have followed these lines.
    const uint64_t dropped = refused + lost_;
    if (const uint64_t lost = output_.Write(lines); lost > 0) {
      lost_ += lost;
    } else {
      TellDropped(dropped);
    }
  }
}

void QueuedLogSink::TellDropped(uint64_t dropped) {
  if (dropped == told_) return;
  const std::string line =
      FormatLogLine(format_, absl::Now(), LogLevel::kError, "log_dropped",
                    {{"lines", dropped - told_}, {"total", dropped}});
  if (output_.Write(line) == 0) told_ = dropped;
}

}  // namespace sluice
