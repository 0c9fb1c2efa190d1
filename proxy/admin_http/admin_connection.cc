#include "proxy/admin_http/admin_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/strip.h"

namespace sluice {
namespace {

constexpr size_t kMaxRequest = 8192;
// From the beginning to a whole request, until the answer is taken, and from
// there to the client's end.
constexpr std::chrono::seconds kReadTime(1);
constexpr std::chrono::seconds kWriteTime(10);
constexpr std::chrono::seconds kEndTime(1);

constexpr char kBadRequest[] =
    "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 12\r\nConnection: close\r\n\r\nbad request\n";

// Where the empty line behind the header begins; npos where there is none.
size_t EndOfHead(absl::string_view request) {
  return std::min(request.find("\r\n\r\n"), request.find("\n\n"));
}

// Takes what stands before the next space off the front of `line`.
absl::string_view TakeWord(absl::string_view* line) {
  const size_t space = std::min(line->find(' '), line->size());
  const absl::string_view word = line->substr(0, space);
  line->remove_prefix(std::min(space + 1, line->size()));
  return word;
}

}  // namespace

bool ParseAdminRequest(absl::string_view head, AdminRequest* request) {
  absl::string_view line = head.substr(0, head.find('\n'));
  absl::ConsumeSuffix(&line, "\r");
  request->method = TakeWord(&line);
  absl::string_view target = TakeWord(&line);
  if (request->method.empty() || target.empty() ||
      (line != "HTTP/1.1" && line != "HTTP/1.0")) {
    return false;
  }
  if (absl::ConsumePrefix(&target, "http://")) {
    target.remove_prefix(std::min(target.find('/'), target.size()));
  }
  request->path = target.substr(0, target.find('?'));
  return true;
}

AdminConnection::AdminConnection(UniqueFd socket, Clock::time_point now)
    : socket_(std::move(socket)), deadline_(now + kReadTime) {}

short AdminConnection::events() const {
  return state_ == State::kWriting ? POLLOUT : POLLIN;
}

bool AdminConnection::Continue(const Answer& answer, Clock::time_point now) {
  if (now >= deadline_) return false;
  if (state_ == State::kReading) Read(answer, now);
  if (state_ == State::kWriting && !is_over_) Write(now);
  if (state_ == State::kEnding && !is_over_) DropInput();
  return !is_over_;
}

void AdminConnection::Read(const Answer& answer, Clock::time_point now) {
  char buffer[4096];
  while (EndOfHead(request_) == std::string::npos) {
    const ssize_t got = recv(fd(), buffer, sizeof(buffer), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    is_over_ = got <= 0;
    if (is_over_) return;
    request_.append(buffer, static_cast<size_t>(got));
    if (request_.size() > kMaxRequest) break;
  }
  AdminRequest request;
  const size_t end = EndOfHead(request_);
  // Without an end it is npos.
  const bool is_good =
      end <= kMaxRequest && ParseAdminRequest(request_, &request);
  answer_ = is_good ? answer(request) : kBadRequest;
  request_.clear();
  state_ = State::kWriting;
  deadline_ = now + kWriteTime;
}

void AdminConnection::Write(Clock::time_point now) {
  while (written_ < answer_.size()) {
    const ssize_t sent = send(fd(), answer_.data() + written_,
                              answer_.size() - written_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) return;
    is_over_ = sent < 0;
    if (is_over_) return;
    written_ += static_cast<size_t>(sent);
  }
  // Were it closed with input that has not been read, the client might lose
  // what is on its way to it.
  shutdown(fd(), SHUT_WR);
  answer_ = std::string();
  state_ = State::kEnding;
  deadline_ = now + kEndTime;
}

void AdminConnection::DropInput() {
  constexpr int kReads = 4;  // before it is others' turn
  char buffer[4096];
  for (int i = 0; i < kReads; ++i) {
    const ssize_t got = recv(fd(), buffer, sizeof(buffer), 0);
    if (got > 0) continue;
    is_over_ = got == 0 || (errno != EAGAIN && errno != EINTR);
    return;
  }
}

}  // namespace sluice
