#include "policy/admin/session_service.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "test/policy/service/asking_harness.h"

namespace sluice::policy {
namespace {

class SessionServiceTest
    : public AskingHarness<SessionService, admin::v1::SessionService> {
 protected:
  struct Listed {
    grpc::Status status;
    admin::v1::ListSessionsResponse response;
  };
  // Under way until the proxies have answered.
  std::future<Listed> List(const admin::v1::ListSessionsRequest& request) {
    return std::async(std::launch::async, [this, request] {
      Listed listed;
      grpc::ClientContext context;
      listed.status = stub_->ListSessions(&context, request, &listed.response);
      return listed;
    });
  }
  static std::vector<std::string> Names(const Listed& listed) {
    EXPECT_TRUE(listed.status.ok()) << listed.status.error_message();
    std::vector<std::string> names;
    for (const auto& session : listed.response.sessions()) {
      names.push_back(session.name());
    }
    return names;
  }
  // Answers one question with one session, saying that there are more.
  static v1::SessionQuery AnswerOne(WatchingProxy& proxy,
                                    const std::string& session, bool more) {
    const v1::SessionQuery query = proxy.Read().list_sessions();
    v1::WatchRequest answer;
    answer.mutable_sessions()->set_query_id(query.query_id());
    answer.mutable_sessions()->set_more(more);
    answer.mutable_sessions()->add_sessions()->set_session_id(session);
    proxy.Send(answer);
    return query;
  }
  using Strings = std::vector<std::string>;
};

TEST_F(SessionServiceTest, ListsWhatProxiesSay) {
  EXPECT_EQ(Names(List({}).get()), Strings());
  const auto a = Proxy("a");
  const auto b = Proxy("b");
  admin::v1::ListSessionsRequest request;
  request.set_subject("alice");
  request.set_client_id("c");
  auto listed = List(request);
  v1::SessionQuery query = AnswerOne(*a, "1", true);
  EXPECT_EQ(query.subject(), "alice");
  EXPECT_EQ(query.client_id(), "c");
  EXPECT_EQ(query.limit(), 100u);
  query = AnswerOne(*a, "2", false);
  EXPECT_EQ(query.after_session_id(), "1");
  query = AnswerOne(*b, "1", false);
  EXPECT_EQ(query.after_session_id(), "");
  EXPECT_EQ(Names(listed.get()),
            (Strings{"proxies/a/sessions/1", "proxies/a/sessions/2",
                     "proxies/b/sessions/1"}));
}

TEST_F(SessionServiceTest, ListsInPages) {
  const auto a = Proxy("a");
  const auto b = Proxy("b");
  admin::v1::ListSessionsRequest request;
  request.set_page_size(1);
  auto listed = List(request);
  EXPECT_EQ(AnswerOne(*a, "1", false).limit(), 1u);
  Listed page = listed.get();
  EXPECT_EQ(Names(page), Strings{"proxies/a/sessions/1"});
  request.set_page_token(page.response.next_page_token());
  listed = List(request);
  EXPECT_EQ(AnswerOne(*a, "2", false).after_session_id(), "1");
  page = listed.get();
  EXPECT_EQ(Names(page), Strings{"proxies/a/sessions/2"});
  request.set_page_token(page.response.next_page_token());
  listed = List(request);
  a->Answer(a->Read().list_sessions(), "");
  EXPECT_EQ(AnswerOne(*b, "9", false).after_session_id(), "");
  page = listed.get();
  EXPECT_EQ(Names(page), Strings{"proxies/b/sessions/9"});
  EXPECT_NE(page.response.next_page_token(), "");

  request.set_subject("alice");
  EXPECT_EQ(List(request).get().status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  request.Clear();
  request.set_page_size(-1);
  EXPECT_EQ(List(request).get().status.error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

// It could go on for good, and those after it would never be seen.
TEST_F(SessionServiceTest, AProxyThatRepeatsItselfIsNamedAndPassedOver) {
  const auto a = Proxy("a");
  const auto b = Proxy("b");
  auto listed = List({});
  AnswerOne(*a, "2", true);
  AnswerOne(*a, "2", true);
  Listed page = listed.get();
  EXPECT_EQ(Names(page), Strings{"proxies/a/sessions/2"});
  ASSERT_EQ(page.response.unanswered_proxies_size(), 1);
  EXPECT_EQ(page.response.unanswered_proxies(0), "a");
  admin::v1::ListSessionsRequest request;
  request.set_page_token(page.response.next_page_token());
  listed = List(request);
  AnswerOne(*b, "1", false);
  page = listed.get();
  EXPECT_EQ(Names(page), Strings{"proxies/b/sessions/1"});
  EXPECT_EQ(page.response.next_page_token(), "");

  // Within an answer, and without a name.
  listed = List({});
  const uint64_t query_id = a->Read().list_sessions().query_id();
  v1::WatchRequest answer;
  answer.mutable_sessions()->set_query_id(query_id);
  for (const char* id : {"3", "1"}) {
    answer.mutable_sessions()->add_sessions()->set_session_id(id);
  }
  a->Send(answer);
  page = listed.get();
  EXPECT_EQ(Names(page), Strings{"proxies/a/sessions/3"});
  EXPECT_EQ(page.response.unanswered_proxies_size(), 1);
  listed = List({});
  AnswerOne(*a, "", false);
  EXPECT_EQ(listed.get().response.unanswered_proxies_size(), 1);
}

TEST_F(SessionServiceTest, AProxyThatGoesAwayHasNoSessions) {
  auto a = Proxy("a");
  const auto b = Proxy("b");
  auto listed = List({});
  a->Read();
  a.reset();
  AnswerOne(*b, "1", false);
  EXPECT_EQ(Names(listed.get()), Strings{"proxies/b/sessions/1"});
}

TEST_F(SessionServiceTest, AProxyThatDoesNotAnswerIsNamedAndPassedOver) {
  SessionService impatient(&hub_, &access_, nullptr, absl::Seconds(1));
  grpc::ServerBuilder builder;
  builder.RegisterService(&impatient);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  stub_ = admin::v1::SessionService::NewStub(server->InProcessChannel({}));
  const auto a = Proxy("a");
  const auto b = Proxy("b");
  const auto c = Proxy("c");
  auto listed = List({});
  AnswerOne(*a, "1", false);
  b->Read();
  Listed page = listed.get();
  EXPECT_EQ(Names(page), Strings{"proxies/a/sessions/1"});
  ASSERT_EQ(page.response.unanswered_proxies_size(), 1);
  EXPECT_EQ(page.response.unanswered_proxies(0), "b");
  admin::v1::ListSessionsRequest request;
  request.set_page_token(page.response.next_page_token());
  listed = List(request);
  AnswerOne(*c, "2", false);
  page = listed.get();
  EXPECT_EQ(Names(page), Strings{"proxies/c/sessions/2"});
  EXPECT_TRUE(page.response.unanswered_proxies().empty());
  EXPECT_EQ(page.response.next_page_token(), "");
  // The last one.
  listed = List(request);
  c->Read();
  page = listed.get();
  EXPECT_EQ(Names(page), Strings());
  EXPECT_EQ(page.response.unanswered_proxies_size(), 1);
  EXPECT_EQ(page.response.next_page_token(), "");
  server->Shutdown();
}

TEST_F(SessionServiceTest, ShowsAndEndsOne) {
  const auto a = Proxy("a");
  admin::v1::GetSessionRequest get;
  get.set_name("proxies/a/sessions/7");
  auto shown = std::async(std::launch::async, [&] {
    admin::v1::Session session;
    grpc::ClientContext context;
    EXPECT_TRUE(stub_->GetSession(&context, get, &session).ok());
    return session;
  });
  const v1::SessionQuery query = a->Read().list_sessions();
  EXPECT_EQ(query.session_id(), "7");
  EXPECT_EQ(query.limit(), 1u);
  a->Answer(query, "7");
  const admin::v1::Session session = shown.get();
  EXPECT_EQ(session.name(), get.name());
  EXPECT_EQ(session.client_id(), "client-7");
  EXPECT_EQ(session.protocol_version(), "5.0");

  const auto disconnect = [this](const std::string& name) {
    return std::async(std::launch::async, [this, name] {
      admin::v1::DisconnectSessionRequest request;
      request.set_name(name);
      grpc::ClientContext context;
      google::protobuf::Empty response;
      return stub_->DisconnectSession(&context, request, &response)
          .error_code();
    });
  };
  auto done = disconnect("proxies/a/sessions/7");
  a->Answer(a->Read().list_sessions(), "7");
  EXPECT_EQ(a->Read().disconnect_sessions().session_ids(0), "7");
  EXPECT_EQ(done.get(), grpc::StatusCode::OK);
  done = disconnect("proxies/a/sessions/8");
  a->Answer(a->Read().list_sessions(), "");
  EXPECT_EQ(done.get(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(disconnect("proxies/z/sessions/7").get(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(disconnect("sessions/7").get(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(SessionServiceTest, PagesAreBoundedByBytes) {
  const auto a = Proxy("a");
  const auto answer = [&a](absl::string_view ids) {
    const v1::SessionQuery query = a->Read().list_sessions();
    v1::WatchRequest answer;
    answer.mutable_sessions()->set_query_id(query.query_id());
    for (const char id : ids) {
      v1::SessionInfo* session = answer.mutable_sessions()->add_sessions();
      session->set_session_id(std::string(1, id));
      session->set_client_id(std::string(600'000, 'c'));
    }
    a->Send(answer);
    return query;
  };
  auto listed = List({});
  answer("123");
  const Listed page = listed.get();
  EXPECT_EQ(Names(page),
            (Strings{"proxies/a/sessions/1", "proxies/a/sessions/2"}));
  admin::v1::ListSessionsRequest request;
  request.set_page_token(page.response.next_page_token());
  listed = List(request);
  EXPECT_EQ(answer("3").after_session_id(), "2");
  const Listed last = listed.get();
  EXPECT_EQ(Names(last), Strings{"proxies/a/sessions/3"});
  EXPECT_EQ(last.response.next_page_token(), "");
}

}  // namespace
}  // namespace sluice::policy
