#ifndef PROXY_BASE_UNIQUE_FD_H_
#define PROXY_BASE_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace sluice {

// A file descriptor that is closed with its owner.
class UniqueFd {
 public:
  explicit UniqueFd(int fd = -1) : fd_(fd) {}
  ~UniqueFd() {
    if (fd_ >= 0) close(fd_);
  }
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.Release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    const int old = std::exchange(fd_, other.Release());
    if (old >= 0) close(old);
    return *this;
  }

  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

}  // namespace sluice

#endif  // PROXY_BASE_UNIQUE_FD_H_
