#ifndef POLICY_SERVER_ACCEPTOR_H_
#define POLICY_SERVER_ACCEPTOR_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/server_builder.h"
#include "proxy/base/address.h"
#include "proxy/base/limited_event.h"
#include "proxy/base/log.h"
#include "proxy/base/unique_fd.h"

namespace sluice::policy {

// Listens for a gRPC server. gRPC's own listener stops for good where it cannot
// accept a connection for want of file descriptors; this one waits until there
// are some. It leaves some for the store and for authorization servers: who
// connects when there are no others is hung up on at once.
class Acceptor {
 public:
  using Sink = grpc::experimental::ExternalConnectionAcceptor;

  // Listens at all addresses that the host's name has; clients wait until
  // Start(). The file of a Unix socket must not be there, and is removed at the
  // end.
  static absl::StatusOr<std::unique_ptr<Acceptor>> Listen(
      const Address& address);
  // Stops.
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

  // 0 for a Unix socket.
  uint16_t port() const { return port_; }

  // Hands connections to `sink`, whose server has started, from a thread of its
  // own. `log` outlives this. Once.
  void Start(std::unique_ptr<Sink> sink, Logger* log);
  // Accepts no more, and refuses those that wait.
  void Stop();

  // Connections that were hung up on at once. Any thread.
  uint64_t refused() const { return refused_; }
  // Lines about them that were left out.
  uint64_t log_suppressed() const { return log_suppressed_; }

 private:
  Acceptor() = default;

  void Run();
  // Whether `fd` is one of those that are left for others.
  static bool IsOfTheReserve(int fd);
  // Takes some of those that wait at `socket`. False where it cannot, and had
  // better wait.
  bool AcceptFrom(int socket);

  std::vector<UniqueFd> sockets_;
  uint16_t port_ = 0;
  std::string unix_path_;
  UniqueFd stop_;  // an eventfd
  std::unique_ptr<Sink> sink_;
  Logger* log_ = nullptr;  // until the start
  bool failing_ = false;
  std::atomic<uint64_t> refused_{0};
  std::atomic<uint64_t> log_suppressed_{0};
  LimitedEvent refusals_{"connection_refused", &log_suppressed_};
  std::thread thread_;
};

}  // namespace sluice::policy

#endif  // POLICY_SERVER_ACCEPTOR_H_
