#include "proxy/base/line_output.h"

#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

namespace sluice {
namespace {

// How often the end of the program is looked for while a pipe is full.
constexpr int kPollMilliseconds = 100;
// How long a reader has once the program ends.
constexpr auto kLinger = std::chrono::seconds(2);

// What a pipe takes without blocking after poll(2): whole lines, if one fits.
absl::string_view Piece(absl::string_view lines) {
  const absl::string_view piece = lines.substr(0, PIPE_BUF);
  const size_t end = piece.rfind('\n');
  return end == absl::string_view::npos ? piece : piece.substr(0, end + 1);
}

}  // namespace

void LineOutput::SetFd(int fd) {
  struct stat status;
  fd_ = fd;
  may_block_ = fstat(fd, &status) == 0 && !S_ISREG(status.st_mode);
  torn_ = false;
}

uint64_t LineOutput::Write(absl::string_view lines) {
  if (lines.empty()) return 0;
  if (torn_) {
    if (WriteSome("\n") < 1) return Fail(lines);
    torn_ = false;
  }
  while (!lines.empty()) {
    const long written = WriteSome(lines);
    if (written < 1) return Fail(lines);
    torn_ = lines[static_cast<size_t>(written) - 1] != '\n';
    lines.remove_prefix(static_cast<size_t>(written));
  }
  return 0;
}

uint64_t LineOutput::Fail(absl::string_view lines) {
  error_ = errno;
  return static_cast<uint64_t>(std::count(lines.begin(), lines.end(), '\n'));
}

long LineOutput::WriteSome(absl::string_view bytes) {
  if (may_block_) bytes = Piece(bytes);
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
bool LineOutput::WaitUntilWritable() {
  for (;;) {
    if (stopping_) {
      const auto now = std::chrono::steady_clock::now();
      if (!end_.has_value()) end_ = now + kLinger;
      if (now >= *end_) return false;
    }
    pollfd file = {fd_, POLLOUT, 0};
    if (poll(&file, 1, kPollMilliseconds) > 0) return true;
  }
}

}  // namespace sluice
