#include "proxy/server/admin_server.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "civetweb.h"

namespace sluice::server {
namespace {

constexpr char kPlainText[] = "text/plain; charset=utf-8";
constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";

constexpr int kMethodNotAllowed = 405;

AdminResponse Readiness(const AdminSources& sources) {
  std::string missing = sources.missing();
  if (missing.empty()) return {200, kPlainText, "ready\n"};
  return {503, kPlainText, std::move(missing)};
}

// civetweb's callback for every request; not 0 says that it was answered.
int OnRequest(mg_connection* connection) {
  const mg_request_info* request = mg_get_request_info(connection);
  const auto* server = static_cast<const AdminServer*>(request->user_data);
  const AdminResponse response = AnswerAdminRequest(
      request->request_method, request->local_uri, server->sources());
  // Nothing of a body has been read, so the connection ends here.
  const std::string head = absl::StrCat(
      "HTTP/1.1 ", response.status, " ",
      mg_get_response_code_text(connection, response.status),
      "\r\nContent-Type: ", response.content_type,
      "\r\nContent-Length: ", response.body.size(),
      response.status == kMethodNotAllowed ? "\r\nAllow: GET, HEAD" : "",
      "\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n");
  mg_disable_keep_alive(connection);
  mg_write(connection, head.data(), head.size());
  if (strcmp(request->request_method, "HEAD") != 0) {
    mg_write(connection, response.body.data(), response.body.size());
  }
  return response.status;
}

// What civetweb has to say (bad requests and the like) is of no use in the log.
int IgnoreMessage(const mg_connection* /*connection*/,
                  const char* /*message*/) {
  return 1;
}

}  // namespace

AdminResponse AnswerAdminRequest(absl::string_view method,
                                 absl::string_view path,
                                 const AdminSources& sources) {
  const bool known =
      path == "/healthz" || path == "/readyz" || path == "/metrics";
  if (!known) return {404, kPlainText, "not found\n"};
  if (method != "GET" && method != "HEAD") {
    return {kMethodNotAllowed, kPlainText, "method not allowed\n"};
  }
  if (path == "/healthz") return {200, kPlainText, "ok\n"};
  if (path == "/readyz") return Readiness(sources);
  return {200, kPrometheusText, sources.metrics()};
}

AdminServer::AdminServer(Address address, AdminSources sources)
    : address_(std::move(address)), sources_(std::move(sources)) {}

absl::StatusOr<std::unique_ptr<AdminServer>> AdminServer::Start(
    const Address& address, AdminSources sources) {
  std::unique_ptr<AdminServer> server(
      new AdminServer(address, std::move(sources)));
  const std::string listen = address.ToString();
  // Pairs of name and value.
  const char* options[] = {
      "listening_ports",
      listen.c_str(),
      // Each may be held for as long as a request may take.
      "num_threads",
      "8",
      "request_timeout_ms",
      "1000",
      "max_request_size",
      "8192",
      "enable_keep_alive",
      "no",
      nullptr,
  };
  mg_callbacks callbacks = {};
  callbacks.begin_request = OnRequest;
  callbacks.log_message = IgnoreMessage;
  mg_init_data init = {};
  init.callbacks = &callbacks;
  init.user_data = server.get();
  init.configuration_options = options;
  char error[256] = "";
  mg_error_data error_data = {};
  error_data.text = error;
  error_data.text_buffer_size = sizeof(error);
  server->context_ = mg_start2(&init, &error_data);
  if (server->context_ == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("cannot serve admin HTTP at ", listen, ": ",
                     error[0] != '\0' ? error : "unknown error"));
  }
  mg_server_port port = {};
  if (mg_get_server_ports(server->context_, 1, &port) == 1) {
    server->address_.port = static_cast<uint16_t>(port.port);
  }
  return server;
}

AdminServer::~AdminServer() {
  if (context_ == nullptr) return;
  // civetweb looks every two seconds whether it should stop, and whenever
  // somebody connects.
  std::atomic<bool> stopped{false};
  std::thread stopper([this, &stopped] {
    mg_stop(context_);
    stopped = true;
  });
  while (!stopped) {
    char error[128];
    mg_connection* connection =
        mg_connect_client(address_.host.c_str(), address_.port, /*use_ssl=*/0,
                          error, sizeof(error));
    if (connection != nullptr) mg_close_connection(connection);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  stopper.join();
}

}  // namespace sluice::server
