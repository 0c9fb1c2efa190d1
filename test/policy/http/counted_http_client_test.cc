#include "policy/http/counted_http_client.h"

#include <gtest/gtest.h>

#include <utility>

#include "absl/status/status.h"

namespace sluice::http {
namespace {

class AnsweringClient final : public HttpClientInterface {
 public:
  void Send(HttpRequest, Callback done) override { done(answer); }

  absl::StatusOr<HttpResponse> answer = absl::UnavailableError("nobody");
};

TEST(CountedHttpClientTest, CountsWhatBecomesOfRequests) {
  AnsweringClient answering;
  RequestCounts counts;
  CountedHttpClient client(&answering, &counts);
  absl::StatusOr<HttpResponse> said;
  const auto send = [&] {
    client.Send({}, [&said](absl::StatusOr<HttpResponse> response) {
      said = std::move(response);
    });
  };
  send();
  EXPECT_FALSE(said.ok());
  for (const int status : {200, 201, 302, 401, 500, 503}) {
    answering.answer = HttpResponse{status, "body"};
    send();
    ASSERT_TRUE(said.ok());
    EXPECT_EQ(said->status, status);
    EXPECT_EQ(said->body, "body");
  }
  EXPECT_EQ(counts.failed, 1u);
  EXPECT_EQ(counts.answered, 2u);
  EXPECT_EQ(counts.refused, 4u);
}

}  // namespace
}  // namespace sluice::http
