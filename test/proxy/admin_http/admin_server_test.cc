#include "proxy/admin_http/admin_server.h"

#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "proxy/admin_http/admin_connection.h"
#include "proxy/base/unique_fd.h"
#include "test/proxy/admin_http/http_exchange.h"

namespace sluice {
namespace {

AdminSources Sources(std::string missing) {
  return {[missing] { return missing; },
          [] { return std::string("sluice_connections 0\n"); }};
}

TEST(AnswerAdminRequestTest, TellsHealthReadinessAndMetrics) {
  const AdminSources ready = Sources("");
  EXPECT_EQ(AnswerAdminRequest("GET", "/healthz", ready).status, 200);
  EXPECT_EQ(AnswerAdminRequest("GET", "/readyz", ready).status, 200);
  const AdminResponse metrics = AnswerAdminRequest("GET", "/metrics", ready);
  EXPECT_EQ(metrics.status, 200);
  EXPECT_EQ(metrics.body, "sluice_connections 0\n");
  EXPECT_EQ(metrics.content_type, "text/plain; version=0.0.4; charset=utf-8");
}

TEST(AnswerAdminRequestTest, SaysWhatIsMissing) {
  const AdminSources sources = Sources("broker: unreachable\n");
  EXPECT_EQ(AnswerAdminRequest("GET", "/healthz", sources).status, 200);
  const AdminResponse response = AnswerAdminRequest("GET", "/readyz", sources);
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "broker: unreachable\n");
}

TEST(AnswerAdminRequestTest, RefusesOtherPathsAndMethods) {
  const AdminSources sources = Sources("");
  for (const char* path :
       {"/", "", "/healthz/", "/metrics/x", "/../metrics", "*", "/HEALTHZ"}) {
    EXPECT_EQ(AnswerAdminRequest("GET", path, sources).status, 404) << path;
  }
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get"}) {
    EXPECT_EQ(AnswerAdminRequest(method, "/metrics", sources).status, 405)
        << method;
  }
  EXPECT_EQ(AnswerAdminRequest("HEAD", "/metrics", sources).status, 200);
}

Address Loopback() {
  Address address;
  address.host = "127.0.0.1";
  return address;
}

TEST(AdminServerTest, TheIpv6AddressForAllTakesIpv4Too) {
  if (access("/proc/net/if_inet6", F_OK) != 0) GTEST_SKIP() << "no IPv6";
  Address all;
  all.host = "::";
  auto server = AdminServer::Start(all, Sources(""));
  ASSERT_TRUE(server.ok()) << server.status();
  Address v4 = Loopback();
  v4.port = (*server)->address().port;
  EXPECT_TRUE(absl::StartsWith(Get(v4, "/healthz"), "HTTP/1.1 200 OK\r\n"));
}

TEST(AdminServerTest, AnswersOverASocket) {
  std::atomic<bool> is_ready{false};
  auto server = AdminServer::Start(
      Loopback(), {[&is_ready] {
                     return is_ready ? "" : "policy service: no answer yet\n";
                   },
                   [] { return std::string("m 1\n"); }});
  ASSERT_TRUE(server.ok()) << server.status();
  const Address& address = (*server)->address();
  ASSERT_NE(address.port, 0);

  EXPECT_TRUE(
      absl::StartsWith(Get(address, "/healthz"), "HTTP/1.1 200 OK\r\n"));
  const std::string unready = Get(address, "/readyz");
  EXPECT_TRUE(absl::StartsWith(unready, "HTTP/1.1 503 "));
  EXPECT_TRUE(
      absl::EndsWith(unready, "\r\n\r\npolicy service: no answer yet\n"));
  is_ready = true;
  EXPECT_TRUE(absl::StartsWith(Get(address, "/readyz"), "HTTP/1.1 200 "));
  EXPECT_TRUE(absl::EndsWith(Get(address, "/metrics?x=y"), "\r\n\r\nm 1\n"));
  EXPECT_TRUE(absl::StartsWith(Get(address, "/"), "HTTP/1.1 404 "));
  EXPECT_TRUE(absl::StartsWith(Get(address, "/etc/passwd"), "HTTP/1.1 404 "));

  const std::string head =
      Exchange(address, "HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(absl::StartsWith(head, "HTTP/1.1 200 "));
  EXPECT_TRUE(absl::StrContains(head, "\r\nContent-Length: 4\r\n"));
  EXPECT_TRUE(absl::EndsWith(head, "\r\n\r\n"));
  const std::string post = Exchange(
      address,
      "POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody");
  EXPECT_TRUE(absl::StartsWith(post, "HTTP/1.1 405 "));
  EXPECT_TRUE(absl::StrContains(post, "\r\nAllow: GET, HEAD\r\n"));
}

TEST(AdminServerTest, SurvivesBadRequests) {
  auto server = AdminServer::Start(Loopback(), Sources(""));
  ASSERT_TRUE(server.ok()) << server.status();
  const Address& address = (*server)->address();
  EXPECT_FALSE(
      absl::StrContains(Exchange(address, "nonsense\r\n\r\n"), " 200 "));
  // A header larger than the server takes.
  EXPECT_FALSE(absl::StrContains(
      Exchange(address, absl::StrCat("GET /healthz HTTP/1.1\r\nX: ",
                                     std::string(20000, 'x'), "\r\n\r\n")),
      " 200 "));
  EXPECT_TRUE(absl::StartsWith(Get(address, "/healthz"), "HTTP/1.1 200 "));
}

TEST(AdminServerTest, RequestsThatDoNotEndKeepNobodyWaiting) {
  auto server = AdminServer::Start(Loopback(), Sources(""));
  ASSERT_TRUE(server.ok()) << server.status();
  const Address& address = (*server)->address();
  std::vector<UniqueFd> others;
  for (int i = 0; i < 200; ++i) {
    for (const absl::string_view part :
         {"", "GET /healthz HTTP", "GET /metrics HTTP/1.1\r\nHost: a\r\n"}) {
      others.push_back(Connect(address));
      send(others.back().get(), part.data(), part.size(), MSG_NOSIGNAL);
    }
    const absl::Time start = absl::Now();
    EXPECT_TRUE(absl::StartsWith(Get(address, "/healthz"), "HTTP/1.1 200 "));
    EXPECT_LT(absl::Now() - start, absl::Seconds(1));
  }
  for (const char* path : {"/readyz", "/metrics"}) {
    EXPECT_TRUE(absl::StartsWith(Get(address, path), "HTTP/1.1 200 ")) << path;
  }
}

TEST(AdminServerTest, AnswersThatNobodyTakesKeepNobodyWaiting) {
  auto server = AdminServer::Start(Loopback(),
                                   {[] { return std::string(); },
                                    [] { return std::string(16 << 20, 'm'); }});
  ASSERT_TRUE(server.ok()) << server.status();
  const Address& address = (*server)->address();
  std::vector<UniqueFd> others;
  constexpr absl::string_view kRequest = "GET /metrics HTTP/1.1\r\n\r\n";
  for (int i = 0; i < 4; ++i) {
    others.push_back(Connect(address));
    send(others.back().get(), kRequest.data(), kRequest.size(), MSG_NOSIGNAL);
  }
  EXPECT_TRUE(absl::StartsWith(Get(address, "/healthz"), "HTTP/1.1 200 "));
  const std::string whole = Get(address, "/metrics");
  EXPECT_GT(whole.size(), size_t{16} << 20);
}

TEST(AdminServerTest, TakesARequestThatComesInParts) {
  auto server = AdminServer::Start(Loopback(), Sources(""));
  ASSERT_TRUE(server.ok()) << server.status();
  const UniqueFd client = Connect((*server)->address());
  constexpr absl::string_view kRequest =
      "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const char& c : kRequest) {
    ASSERT_EQ(send(client.get(), &c, 1, MSG_NOSIGNAL), 1);
  }
  char answer[12];
  ASSERT_EQ(recv(client.get(), answer, sizeof(answer), MSG_WAITALL), 12);
  EXPECT_EQ(absl::string_view(answer, sizeof(answer)), "HTTP/1.1 200");
}

TEST(ParseAdminRequestTest, ReadsTheFirstLine) {
  const auto parse = [](absl::string_view head) -> std::string {
    AdminRequest request;
    if (!ParseAdminRequest(head, &request)) return "bad";
    return absl::StrCat(request.method, " ", request.path);
  };
  EXPECT_EQ(parse("GET /metrics HTTP/1.1\r\nHost: a\r\n"), "GET /metrics");
  EXPECT_EQ(parse("GET /metrics?x=y HTTP/1.0\n"), "GET /metrics");
  EXPECT_EQ(parse("GET http://a:1/readyz?x HTTP/1.1"), "GET /readyz");
  EXPECT_EQ(parse("GET http://a HTTP/1.1"), "GET ");
  EXPECT_EQ(parse("OPTIONS * HTTP/1.1"), "OPTIONS *");
  for (const char* bad :
       {"", " ", "GET", "GET /", "GET  HTTP/1.1", "GET / HTTP/0.9",
        "GET / HTTP/2.0", "GET / HTTP/1.1 x", " / HTTP/1.1", "nonsense"}) {
    EXPECT_EQ(parse(bad), "bad") << bad;
  }
}

// Of several addresses of a name a prober may use any.
TEST(AdminServerTest, ListensAtANamesAddresses) {
  const Address name{"localhost", 0};
  auto server = AdminServer::Start(name, Sources(""));
  ASSERT_TRUE(server.ok()) << server.status();
  EXPECT_EQ((*server)->address().host, "localhost");
  Address numeric = Loopback();
  numeric.port = (*server)->address().port;
  EXPECT_TRUE(absl::StrContains(Get(numeric, "/healthz"), "200 OK"));
}

TEST(AdminServerTest, SaysWhenItsAddressIsTaken) {
  auto first = AdminServer::Start(Loopback(), Sources(""));
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = AdminServer::Start((*first)->address(), Sources(""));
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(absl::StrContains(second.status().message(),
                                (*first)->address().ToString()));
}

}  // namespace
}  // namespace sluice
