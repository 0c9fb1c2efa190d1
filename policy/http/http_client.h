#ifndef POLICY_HTTP_HTTP_CLIENT_H_
#define POLICY_HTTP_HTTP_CLIENT_H_

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>

#include "absl/time/time.h"
#include "policy/http/http_client_interface.h"

namespace sluice::http {

// HTTPS over libcurl, with one thread for all requests. Connections are kept
// and used again. The process must ignore SIGPIPE.
//
// The server's certificate is verified, and its name; TLS is at least 1.2.
// Redirects are not followed, and the environment's proxies not used: a request
// with a secret goes where it was meant to go.
class HttpClient final : public HttpClientInterface {
 public:
  struct Options {
    // A client waits for the answer, and the proxy waits 2 s by default for
    // the policy service's.
    absl::Duration connect_timeout = absl::Seconds(1);
    absl::Duration timeout = absl::Milliseconds(1500);  // the whole exchange
    size_t max_response_bytes = 256 * 1024;
    size_t max_concurrent = 16;
    // Requests that wait for one of those; over it they fail at once.
    size_t max_queued = 256;
    // Of those, to one origin: a server that takes requests and does not answer
    // leaves room for what others are asked.
    size_t max_concurrent_per_origin = 8;
    size_t max_queued_per_origin = 64;
  };

  HttpClient() : HttpClient(Options()) {}
  explicit HttpClient(Options options);
  // What is under way fails before this returns. Not from a callback.
  ~HttpClient() override;

  // `done` is called on the client's thread, or inline where the queue of all
  // requests, or that of the request's origin, is full. It must not block.
  void Send(HttpRequest request, Callback done) override;

 private:
  struct Transfer;
  struct MultiDeleter {
    void operator()(void* multi) const;
  };

  void Run();
  // The first request that waits and may start: those whose origin has as many
  // under way as it may are passed over. Null: none.
  std::unique_ptr<Transfer> TakeQueued();
  void StartQueued();
  void FinishDone();
  void FailAll();

  const Options options_;
  const std::unique_ptr<void, MultiDeleter> multi_;

  std::mutex mutex_;
  bool stopping_ = false;
  std::deque<std::unique_ptr<Transfer>> queued_;
  // By origin; none is 0.
  std::unordered_map<std::string, size_t> queued_of_;

  // Of the client's thread: by CURL handle.
  std::unordered_map<void*, std::unique_ptr<Transfer>> active_;
  std::unordered_map<std::string, size_t> active_of_;  // as queued_of_

  std::thread thread_;  // last: uses all of the above
};

}  // namespace sluice::http

#endif  // POLICY_HTTP_HTTP_CLIENT_H_
