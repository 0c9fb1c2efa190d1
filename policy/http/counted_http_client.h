#ifndef POLICY_HTTP_COUNTED_HTTP_CLIENT_H_
#define POLICY_HTTP_COUNTED_HTTP_CLIENT_H_

#include <atomic>
#include <cstdint>
#include <utility>

#include "absl/status/statusor.h"
#include "policy/http/http_client_interface.h"

namespace sluice::http {

// What became of requests. Any thread writes or reads.
struct RequestCounts {
  std::atomic<uint64_t> answered{0};  // with a status code of success
  std::atomic<uint64_t> refused{0};   // with another one
  std::atomic<uint64_t> failed{0};    // no answer
};

// Sends requests through another client, and counts what becomes of them.
class CountedHttpClient final : public HttpClientInterface {
 public:
  // Both outlive this and all that is under way.
  CountedHttpClient(HttpClientInterface* client, RequestCounts* counts)
      : client_(*client), counts_(*counts) {}

  void Send(HttpRequest request, Callback done) override {
    client_.Send(std::move(request),
                 [&counts = counts_, done = std::move(done)](
                     absl::StatusOr<HttpResponse> response) {
                   ++CountOf(response, counts);
                   done(std::move(response));
                 });
  }

 private:
  static std::atomic<uint64_t>& CountOf(
      const absl::StatusOr<HttpResponse>& response, RequestCounts& counts) {
    if (!response.ok()) return counts.failed;
    return response->status / 100 == 2 ? counts.answered : counts.refused;
  }

  HttpClientInterface& client_;
  RequestCounts& counts_;
};

}  // namespace sluice::http

#endif  // POLICY_HTTP_COUNTED_HTTP_CLIENT_H_
