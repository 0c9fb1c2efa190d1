#include "policy/http/http_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/policy/http/https_server.h"
#include "test/testing/dead_proxy.h"

namespace sluice::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using Answer = std::future<absl::StatusOr<HttpResponse>>;

Answer SendLater(HttpClient& client, HttpRequest request) {
  auto promise = std::make_shared<std::promise<absl::StatusOr<HttpResponse>>>();
  client.Send(std::move(request), [promise](auto response) {
    promise->set_value(std::move(response));
  });
  return promise->get_future();
}

class HttpClientTest : public ::testing::Test {
 protected:
  // Answers "hello" and remembers what it was asked.
  std::string Hello(const std::string& request) {
    asked_.set_value(request);
    return HttpsServer::Ok("hello");
  }
  HttpRequest Get(const HttpsServer& server) const {
    HttpRequest request;
    request.url = server.Url("/x");
    request.accept = "text/plain";
    request.ca = authority_.certificate_pem();
    return request;
  }
  static absl::StatusOr<HttpResponse> Send(HttpRequest request) {
    HttpClient client;
    return SendLater(client, std::move(request)).get();
  }

  const ::sluice::testing::TestCertificate authority_ =
      ::sluice::testing::TestCertificate::Authority("the authority");
  const ::sluice::testing::TestCertificate certificate_ = authority_.Issue({});
  std::promise<std::string> asked_;
};

TEST_F(HttpClientTest, GetsAndPosts) {
  {
    HttpsServer server(certificate_,
                       [this](const auto& request) { return Hello(request); });
    const auto response = Send(Get(server));
    ASSERT_TRUE(response.ok()) << response.status();
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, "hello");
    const std::string asked = asked_.get_future().get();
    EXPECT_THAT(asked, StartsWith("GET /x HTTP/1.1\r\n"));
    EXPECT_THAT(asked, HasSubstr("Accept: text/plain\r\n"));
    EXPECT_THAT(asked, Not(HasSubstr("Authorization")));
  }
  asked_ = {};
  HttpsServer server(certificate_,
                     [this](const auto& request) { return Hello(request); });
  HttpRequest post = Get(server);
  post.body = std::string("a\0b", 3);
  post.content_type = "application/x";
  post.authorization = "Basic c2VjcmV0";
  ASSERT_TRUE(Send(std::move(post)).ok());
  const std::string asked = asked_.get_future().get();
  EXPECT_THAT(asked, StartsWith("POST /x HTTP/1.1\r\n"));
  EXPECT_THAT(asked, HasSubstr("Content-Type: application/x\r\n"));
  EXPECT_THAT(asked, HasSubstr("Authorization: Basic c2VjcmV0\r\n"));
  EXPECT_THAT(asked, HasSubstr(std::string("\r\n\r\na\0b", 7)));
}

TEST_F(HttpClientTest, RedirectsAreAnswersAndNotFollowed) {
  HttpsServer server(certificate_, [](const auto&) {
    return "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n"
           "Connection: close\r\n\r\n";
  });
  const auto response = Send(Get(server));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->status, 302);
}

TEST_F(HttpClientTest, TheEnvironmentsProxyIsNotUsed) {
  HttpsServer server(certificate_,
                     [](const auto&) { return HttpsServer::Ok("direct"); });
  const ::sluice::testing::DeadProxy proxy;
  EXPECT_TRUE(Send(Get(server)).ok());
}

TEST_F(HttpClientTest, OnlyATrustedServerIsSpokenTo) {
  HttpsServer server(certificate_,
                     [](const auto&) { return HttpsServer::Ok(""); });
  HttpRequest foreign = Get(server);
  foreign.ca = ::sluice::testing::TestCertificate::Authority("another")
                   .certificate_pem();
  EXPECT_TRUE(absl::IsUnavailable(Send(std::move(foreign)).status()));
  HttpRequest unknown = Get(server);
  unknown.ca.clear();  // the system's do not know it
  EXPECT_TRUE(absl::IsUnavailable(Send(std::move(unknown)).status()));
  ::sluice::testing::CertificateOptions other;
  other.dns_names = {"elsewhere.example"};
  other.ip_addresses = {};
  HttpsServer misnamed(authority_.Issue(other),
                       [](const auto&) { return HttpsServer::Ok(""); });
  EXPECT_TRUE(absl::IsUnavailable(Send(Get(misnamed)).status()));
  HttpRequest plain = Get(server);
  plain.url = absl::StrCat("http://127.0.0.1:", server.port(), "/");
  EXPECT_TRUE(absl::IsUnavailable(Send(std::move(plain)).status()));
}

TEST_F(HttpClientTest, BrokenAndEndlessResponsesFail) {
  HttpsServer closes(certificate_, [](const auto&) { return ""; });
  EXPECT_TRUE(absl::IsUnavailable(Send(Get(closes)).status()));
  HttpsServer truncates(certificate_, [](const auto&) {
    return "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort";
  });
  EXPECT_TRUE(absl::IsUnavailable(Send(Get(truncates)).status()));
  HttpClient::Options options;
  options.max_response_bytes = 10;
  HttpClient client(options);
  HttpsServer fits(certificate_,
                   [](const auto&) { return HttpsServer::Ok("0123456789"); });
  EXPECT_TRUE(SendLater(client, Get(fits)).get().ok());
  HttpsServer exceeds(
      certificate_, [](const auto&) { return HttpsServer::Ok("0123456789a"); });
  EXPECT_EQ(SendLater(client, Get(exceeds)).get().status(),
            absl::UnavailableError("the response is too long"));
}

TEST_F(HttpClientTest, TimesOut) {
  std::promise<void> release;
  std::shared_future<void> gate(release.get_future());
  HttpsServer server(certificate_, [&](const auto&) {
    gate.wait();
    return HttpsServer::Ok("late");
  });
  HttpClient::Options options;
  options.timeout = absl::Milliseconds(50);
  HttpClient client(options);
  EXPECT_TRUE(
      absl::IsUnavailable(SendLater(client, Get(server)).get().status()));
  release.set_value();
}

TEST_F(HttpClientTest, WhatDoesNotFitIntoTheQueueFailsAtOnce) {
  std::promise<void> arrived;
  std::promise<void> release;
  std::shared_future<void> gate(release.get_future());
  int count = 0;
  HttpsServer server(certificate_, [&](const auto&) {
    if (count++ == 0) arrived.set_value();
    gate.wait();
    return HttpsServer::Ok("done");
  });
  HttpClient::Options options;
  options.timeout = absl::Minutes(1);
  options.connect_timeout = absl::Minutes(1);
  options.max_concurrent = 1;
  options.max_queued = 1;
  HttpClient client(options);
  Answer first = SendLater(client, Get(server));
  arrived.get_future().wait();
  Answer second = SendLater(client, Get(server));
  EXPECT_EQ(SendLater(client, Get(server)).get().status(),
            absl::UnavailableError("too many requests are waiting"));
  release.set_value();
  EXPECT_TRUE(first.get().ok());
  EXPECT_TRUE(second.get().ok());
}

// Of a server that does not answer, only its own requests have to wait.
TEST_F(HttpClientTest, AServerThatHangsLeavesRoomForOthers) {
  std::promise<void> release;
  std::shared_future<void> gate(release.get_future());
  HttpsServer hangs(certificate_, [&](const auto&) {
    gate.wait();
    return HttpsServer::Ok("late");
  });
  HttpsServer answers(certificate_,
                      [](const auto&) { return HttpsServer::Ok("at once"); });
  HttpClient::Options options;
  options.timeout = absl::Minutes(1);
  options.connect_timeout = absl::Minutes(1);
  options.max_concurrent = 3;
  options.max_concurrent_per_origin = 2;
  options.max_queued = 10;
  options.max_queued_per_origin = 5;
  HttpClient client(options);
  // All but those that it has under way, or may have waiting, fail at once.
  std::vector<Answer> late;
  size_t refused = 0;
  for (int i = 0; i < 20; ++i) {
    Answer answer = SendLater(client, Get(hangs));
    if (answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
      EXPECT_EQ(answer.get().status(),
                absl::UnavailableError("too many requests are waiting"));
      ++refused;
    } else {
      late.push_back(std::move(answer));
    }
  }
  EXPECT_GE(late.size(), 5u);
  EXPECT_LE(late.size(), 7u);
  EXPECT_EQ(late.size() + refused, 20u);
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(SendLater(client, Get(answers)).get().ok());
  }
  release.set_value();
  for (Answer& answer : late) EXPECT_TRUE(answer.get().ok());
}

TEST_F(HttpClientTest, WhatIsUnderWayFailsWhenTheClientGoes) {
  std::promise<void> arrived;
  std::promise<void> release;
  std::shared_future<void> gate(release.get_future());
  HttpsServer server(certificate_, [&](const auto&) {
    arrived.set_value();
    gate.wait();
    return "";
  });
  Answer active;
  Answer queued;
  {
    HttpClient::Options options;
    options.max_concurrent = 1;
    HttpClient client(options);
    active = SendLater(client, Get(server));
    arrived.get_future().wait();
    queued = SendLater(client, Get(server));
  }
  EXPECT_TRUE(absl::IsUnavailable(active.get().status()));
  EXPECT_TRUE(absl::IsUnavailable(queued.get().status()));
  release.set_value();
}

TEST_F(HttpClientTest, ShowsItsCertificateWhereItHasOne) {
  HttpsServer server(
      certificate_, [](const auto&) { return HttpsServer::Ok("hello"); },
      authority_.certificate_pem());
  EXPECT_EQ(Send(Get(server)).status().code(), absl::StatusCode::kUnavailable);
  const auto mine = authority_.Issue({});
  HttpRequest request = Get(server);
  request.certificate = mine.certificate_pem();
  request.private_key = SecretString(mine.private_key_pem());
  const auto response = Send(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->body, "hello");
  const auto stranger =
      ::sluice::testing::TestCertificate::SelfSigned({"stranger"});
  request.certificate = stranger.certificate_pem();
  request.private_key = SecretString(stranger.private_key_pem());
  EXPECT_EQ(Send(request).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace sluice::http
