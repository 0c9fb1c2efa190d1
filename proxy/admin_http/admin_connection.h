#ifndef PROXY_ADMIN_HTTP_ADMIN_CONNECTION_H_
#define PROXY_ADMIN_HTTP_ADMIN_CONNECTION_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

#include "absl/strings/string_view.h"
#include "proxy/base/unique_fd.h"

namespace sluice {

// The line that an HTTP/1 request begins with. Views into the request.
struct AdminRequest {
  absl::string_view method;
  absl::string_view path;  // without scheme, host and query
};

// Reads the first line of `head`, all up to the empty line. False: it is none
// of HTTP/1.0 or 1.1 (RFC 9112 section 3).
bool ParseAdminRequest(absl::string_view head, AdminRequest* request);

// One connection of the admin server: takes one request, answers it, and ends.
// Never waits, so that one thread can have many.
class AdminConnection {
 public:
  using Clock = std::chrono::steady_clock;
  // All that is to be sent to answer a request.
  using Answer = std::function<std::string(const AdminRequest& request)>;

  // `socket` is connected and does not block.
  AdminConnection(UniqueFd socket, Clock::time_point now);

  // Goes on as far as the socket lets it, and asks `answer` once the request
  // is whole. Its body is not read. False: it is over.
  bool Continue(const Answer& answer, Clock::time_point now);

  int fd() const { return socket_.get(); }
  // What poll(2) should wait for before the next Continue().
  short events() const;
  // When it has to be over.
  Clock::time_point deadline() const { return deadline_; }

 private:
  enum class State { kReading, kWriting, kEnding };

  void Read(const Answer& answer, Clock::time_point now);
  void Write(Clock::time_point now);
  void DropInput();

  const UniqueFd socket_;
  State state_ = State::kReading;
  Clock::time_point deadline_;
  bool is_over_ = false;
  std::string request_;  // while it is read
  std::string answer_;   // while it is written
  size_t written_ = 0;
};

}  // namespace sluice

#endif  // PROXY_ADMIN_HTTP_ADMIN_CONNECTION_H_
