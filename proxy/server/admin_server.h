#ifndef PROXY_SERVER_ADMIN_SERVER_H_
#define PROXY_SERVER_ADMIN_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "proxy/server/field_checks.h"

struct mg_context;

namespace sluice::server {

// What the admin server tells. Called by its threads, so both are thread-safe,
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

// Serves AnswerAdminRequest() over HTTP on two threads of its own, without
// authentication: bind it to loopback or keep strangers away. Requests are
// bounded in size and time, and their bodies are not read. Installs no signal
// handler.
class AdminServer {
 public:
  // Listens at `address` (TCP; port 0: any). Fails when it is taken or cannot
  // be bound.
  static absl::StatusOr<std::unique_ptr<AdminServer>> Start(
      const Address& address, AdminSources sources);
  // Waits for requests that are being answered.
  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  // Where it listens, the port resolved.
  const Address& address() const { return address_; }

  const AdminSources& sources() const { return sources_; }

 private:
  AdminServer(Address address, AdminSources sources);

  Address address_;
  const AdminSources sources_;
  mg_context* context_ = nullptr;
};

}  // namespace sluice::server

#endif  // PROXY_SERVER_ADMIN_SERVER_H_
