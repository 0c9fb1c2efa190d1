#ifndef PROXY_ADMIN_HTTP_ADMIN_SERVER_H_
#define PROXY_ADMIN_HTTP_ADMIN_SERVER_H_

#include <poll.h>

#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/admin_http/admin_connection.h"
#include "proxy/base/address.h"
#include "proxy/base/unique_fd.h"

namespace sluice {

// What the admin server tells. Called by its thread, so both are thread-safe,
// and quick: they answer from what is known.
struct AdminSources {
  // What keeps the proxy from being ready, a line each; empty: it is ready.
  std::function<std::string()> missing;
  // The metrics in Prometheus' text format.
  std::function<std::string()> metrics;
};

struct AdminResponse {
  int status = 0;
  absl::string_view content_type;
  std::string body;
};

// The answer to a request:
//   GET /healthz  200
//   GET /readyz   200, or 503 with a line for each thing that is missing
//   GET /metrics  200
// HEAD likewise (the caller leaves out the body). Another path is 404, another
// method 405. `path` comes without query.
AdminResponse AnswerAdminRequest(absl::string_view method,
                                 absl::string_view path,
                                 const AdminSources& sources);

// Serves AnswerAdminRequest() over HTTP/1.1, one request a connection, on a
// thread of its own, without authentication: bind it to loopback or keep
// strangers away. Connections are bounded in number, requests in size and time,
// and their bodies are not read. Nobody waits for a client that is slow: of too
// many connections the oldest goes.
class AdminServer {
 public:
  // Listens at `address` (TCP; port 0: any), all addresses of its name. Fails
  // when one is taken or cannot be bound.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(
      const Address& address, AdminSources sources);
  // Breaks off what is under way.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Where it listens, the port resolved.
  const Address& address() const { return address_; }

 private:
  explicit AdminServer(AdminSources sources);

  absl::Status Listen(const Address& address);
  void Run();
  // Takes who waits, and what they have sent already. False: it fails for a
  // while.
  bool AcceptSome(const UniqueFd& socket,
                  AdminConnection::Clock::time_point now);
  // What poll(2) is to wait for: the end, clients to come unless accepting
  // fails, and those that are there.
  std::vector<pollfd> Waiting(bool accepting) const;

  const AdminConnection::Answer answer_;
  Address address_;
  std::vector<UniqueFd> sockets_;
  UniqueFd stop_;                           // an eventfd
  std::list<AdminConnection> connections_;  // the oldest first
  std::thread thread_;                      // last: uses all of the above
};

}  // namespace sluice

#endif  // PROXY_ADMIN_HTTP_ADMIN_SERVER_H_
