#ifndef TEST_POLICY_SERVICE_FAKE_HTTP_CLIENT_H_
#define TEST_POLICY_SERVICE_FAKE_HTTP_CLIENT_H_

#include <string>
#include <utility>
#include <vector>

#include "policy/http/http_client_interface.h"

namespace sluice::policy {

// Keeps requests until the test answers them. Not thread-safe.
class FakeHttpClient : public http::HttpClientInterface {
 public:
  void Send(http::HttpRequest request, Callback done) override {
    requests.push_back(std::move(request));
    waiting_.push_back(std::move(done));
  }

  // Answers the oldest request that waits.
  void Answer(int status, std::string body) {
    Finish(http::HttpResponse{status, std::move(body)});
  }
  void Fail() { Finish(absl::UnavailableError("no connection")); }

  size_t waiting() const { return waiting_.size(); }

  // All there ever were.
  std::vector<http::HttpRequest> requests;

 private:
  void Finish(absl::StatusOr<http::HttpResponse> response) {
    const Callback done = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    done(std::move(response));
  }

  std::vector<Callback> waiting_;
};

}  // namespace sluice::policy

#endif  // TEST_POLICY_SERVICE_FAKE_HTTP_CLIENT_H_
