#ifndef POLICY_SERVER_UNIX_SOCKET_H_
#define POLICY_SERVER_UNIX_SOCKET_H_

#include <sys/stat.h>

#include <string>

#include "absl/status/status.h"

namespace sluice::policy {

// Makes way for a server at `path`: removes the socket file that a dead process
// left behind. kAlreadyExists when somebody accepts connections there or the
// file is no socket; both are left alone.
absl::Status RemoveStaleSocket(const std::string& path);

// While it lives, files that this process creates are for its own user only.
// The mask belongs to the process, not to the thread: keep it short.
class ScopedPrivateUmask {
 public:
  ScopedPrivateUmask() : saved_(umask(0177)) {}
  ~ScopedPrivateUmask() { umask(saved_); }
  ScopedPrivateUmask(const ScopedPrivateUmask&) = delete;
  ScopedPrivateUmask& operator=(const ScopedPrivateUmask&) = delete;

 private:
  const mode_t saved_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_UNIX_SOCKET_H_
