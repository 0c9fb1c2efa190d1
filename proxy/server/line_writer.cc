#include "proxy/server/line_writer.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/memory/memory.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace sluice::server {
namespace {

constexpr char kStandardOutput[] = "-";
constexpr int64_t kSecondsBetweenReports = 60;
// How often the end of the program is looked for while a pipe is full, and how
// often more it is waited for then.
constexpr int kPollMilliseconds = 100;
constexpr int kLastPolls = 20;

uint64_t CountLines(absl::string_view lines) {
  return static_cast<uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
}

}  // namespace

absl::StatusOr<std::unique_ptr<LineWriter>> LineWriter::Open(std::string path,
                                                             Logger* logger,
                                                             size_t capacity) {
  std::unique_ptr<LineWriter> writer(
      new LineWriter(std::move(path), logger, capacity));
  if (absl::Status s = writer->OpenFile(); !s.ok()) return s;
  writer->thread_ = std::thread([raw = writer.get()] { raw->Run(); });
  return writer;
}

absl::Status LineWriter::CheckCanOpen(const std::string& path) {
  if (path == kStandardOutput) return absl::OkStatus();
  const int fd = open(path.c_str(),
                      O_WRONLY | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd >= 0) {
    close(fd);
    return absl::OkStatus();
  }
  if (errno == ENOENT) {
    const size_t slash = path.rfind('/');
    const std::string directory =
        slash == std::string::npos ? "." : path.substr(0, slash + 1);
    if (access(directory.c_str(), W_OK | X_OK) == 0) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat("cannot open ", path, ": ", strerror(errno)));
}

LineWriter::~LineWriter() {
  stopping_ = true;
  queue_.Close();
  if (thread_.joinable()) thread_.join();
  CloseFile();
}

void LineWriter::Write(absl::string_view line, Priority priority) {
  if (!queue_.Push(line, priority)) Drop(1, "the queue is full");
}

void LineWriter::Reopen() {
  reopen_ = true;
  queue_.Wake();
}

absl::Status LineWriter::OpenFile() {
  int fd = STDOUT_FILENO;
  if (path_ != kStandardOutput) {
    // A named pipe that nobody reads is an error, not a reason to wait.
    fd = open(path_.c_str(),
              O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
              0640);
  }
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot open ", path_, ": ", strerror(errno)));
  }
  CloseFile();
  fd_ = fd;
  may_block_ = !S_ISREG(status.st_mode);
  torn_ = false;
  return absl::OkStatus();
}

void LineWriter::CloseFile() {
  if (fd_ >= 0 && fd_ != STDOUT_FILENO) close(fd_);
  fd_ = -1;
}

void LineWriter::Run() {
  std::string lines;
  while (queue_.Take(&lines)) {
    if (reopen_.exchange(false) && path_ != kStandardOutput) {
      if (absl::Status s = OpenFile(); s.ok()) {
        logger_.Info("audit_reopened", {{"file", path_}});
      } else {
        logger_.Error("audit_reopen_failed", {{"detail", s.message()}});
      }
    }
    WriteLines(lines);
  }
}

void LineWriter::WriteLines(absl::string_view lines) {
  if (lines.empty()) return;
  // What follows a line that broke off is a line of its own.
  if (torn_) {
    if (WriteSome("\n") < 1) {
      Drop(CountLines(lines), strerror(errno));
      return;
    }
    torn_ = false;
  }
  while (!lines.empty()) {
    const long written = WriteSome(lines);
    if (written < 1) {
      Drop(CountLines(lines), strerror(errno));
      return;
    }
    torn_ = lines[static_cast<size_t>(written) - 1] != '\n';
    lines.remove_prefix(static_cast<size_t>(written));
  }
}

long LineWriter::WriteSome(absl::string_view bytes) {
  // After poll(2), a pipe takes this much without blocking.
  if (may_block_) bytes = bytes.substr(0, PIPE_BUF);
  for (;;) {
    if (may_block_ && !WaitUntilWritable()) {
      errno = ETIMEDOUT;
      return -1;
    }
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written >= 0 || (errno != EINTR && errno != EAGAIN)) return written;
  }
}

// False when the program ends and it takes too long.
bool LineWriter::WaitUntilWritable() {
  for (int last_polls = 0; last_polls < kLastPolls;) {
    pollfd file = {fd_, POLLOUT, 0};
    if (poll(&file, 1, kPollMilliseconds) > 0) return true;
    if (stopping_) ++last_polls;
  }
  return false;
}

void LineWriter::Drop(uint64_t lines, absl::string_view why) {
  const uint64_t total = dropped_.fetch_add(lines) + lines;
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  int64_t told_at = told_at_;
  if (now - told_at >= kSecondsBetweenReports &&
      told_at_.compare_exchange_strong(told_at, now)) {
    logger_.Error("audit_dropped", {{"detail", why}, {"total", total}});
  }
}

}  // namespace sluice::server
