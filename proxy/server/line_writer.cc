#include "proxy/server/line_writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

namespace sluice::server {
namespace {

constexpr char kStandardOutput[] = "-";
constexpr int64_t kSecondsBetweenReports = 60;

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
  output_.Stop();
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
    const int error = errno;
    if (fd >= 0 && fd != STDOUT_FILENO) close(fd);
    return absl::FailedPreconditionError(
        absl::StrCat("cannot open ", path_, ": ", strerror(error)));
  }
  CloseFile();
  fd_ = fd;
  output_.SetFd(fd);
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
    if (const uint64_t lost = output_.Write(lines); lost > 0) {
      Drop(lost, strerror(output_.error()));
    }
  }
}

void LineWriter::Drop(uint64_t lines, absl::string_view why) {
  const uint64_t total = dropped_.fetch_add(lines) + lines;
  const int64_t now = absl::ToUnixSeconds(absl::Now());
  int64_t told_at = told_at_;
  if ((now - told_at >= kSecondsBetweenReports || now < told_at) &&
      told_at_.compare_exchange_strong(told_at, now)) {
    logger_.Error("audit_dropped", {{"detail", why}, {"total", total}});
  }
}

}  // namespace sluice::server
