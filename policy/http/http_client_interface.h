#ifndef POLICY_HTTP_HTTP_CLIENT_INTERFACE_H_
#define POLICY_HTTP_HTTP_CLIENT_INTERFACE_H_

#include <functional>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "proxy/base/secret_string.h"

namespace sluice::http {

struct HttpRequest {
  // https only.
  std::string url;
  // Absent: GET. Else it is posted as it is.
  std::optional<std::string> body;
  std::string content_type;  // of the body
  std::string accept;
  // The header's value; empty: none. A secret.
  std::string authorization;
  // PEM of the authorities that vouch for the server; empty: the system's.
  std::string ca;
  // PEM of the certificate chain and the private key that are shown to the
  // server; empty: none.
  std::string certificate;
  SecretString private_key;
};

// The status code of success (RFC 9110 section 15.3.1).
inline constexpr int kHttpOk = 200;

struct HttpResponse {
  int status = 0;
  std::string body;
};

// Sends requests over TLS. Any thread.
class HttpClientInterface {
 public:
  using Callback = std::function<void(absl::StatusOr<HttpResponse>)>;

  virtual ~HttpClientInterface() = default;

  // `done` is called once, on any thread, within the client's time limit; maybe
  // before the call returns. Any complete response, whatever its status code,
  // is a response; all else is Unavailable, with a message that says what
  // failed and holds nothing of the request but the host.
  virtual void Send(HttpRequest request, Callback done) = 0;
};

}  // namespace sluice::http

#endif  // POLICY_HTTP_HTTP_CLIENT_INTERFACE_H_
