#include "policy/service/checkers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "test/testing/dead_proxy.h"

namespace sluice::policy {
namespace {

using ::testing::HasSubstr;

// Answers what it is told to, when it is told to.
class FakeChecker final : public v1::CheckService::Service {
 public:
  grpc::Status Check(grpc::ServerContext*, const v1::CheckRequest* request,
                     v1::CheckResponse* response) override {
    std::unique_lock<std::mutex> lock(mutex_);
    asked.push_back(*request);
    changed_.notify_all();
    changed_.wait(lock, [this] { return !hold; });
    *response = answer;
    return status;
  }
  void WaitForQuestion() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !asked.empty(); });
  }
  void LetGo() {
    const std::lock_guard<std::mutex> lock(mutex_);
    hold = false;
    changed_.notify_all();
  }

  std::vector<v1::CheckRequest> asked;
  v1::CheckResponse answer;
  grpc::Status status;
  bool hold = false;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
};

class CheckersTest : public ::testing::Test {
 protected:
  CheckersTest() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port_);
    builder.RegisterService(&checker_);
    server_ = builder.BuildAndStart();
    options_.name = "plant-db";
    options_.address = absl::StrCat("127.0.0.1:", port_);
    options_.timeout = absl::Minutes(1);
    Make();
    checker_.answer.set_allowed(true);
  }
  ~CheckersTest() override {
    checkers_.reset();
    server_->Shutdown();
  }

  void Make(const Checkers::Limits& limits = Checkers::Limits()) {
    checkers_ = std::make_unique<Checkers>(
        std::vector<CheckerOptions>{options_}, [this] { return now_; }, limits);
  }
  static v1::CheckRequest About(const std::string& topic, int port = 1) {
    v1::CheckRequest request;
    request.set_checker("plant-db");
    request.set_topic(topic);
    request.mutable_connection()->set_client_address(
        absl::StrCat("192.0.2.1:", port));
    return request;
  }
  std::future<v1::CheckResponse> Ask(const v1::CheckRequest& request) {
    auto promise = std::make_shared<std::promise<v1::CheckResponse>>();
    checkers_->Check(request, [promise](const v1::CheckResponse& answer) {
      promise->set_value(answer);
    });
    return promise->get_future();
  }
  v1::CheckResponse Answer(const v1::CheckRequest& request) {
    return Ask(request).get();
  }

  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
  int port_ = 0;
  FakeChecker checker_;
  CheckerOptions options_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<Checkers> checkers_;
};

TEST_F(CheckersTest, AReasonIsCutShort) {
  // 255 bytes, and a character of two in the way.
  checker_.answer.set_reason(
      absl::StrCat(std::string(255, 'x'), "\xC3\xA9", std::string(1000, 'y')));
  EXPECT_EQ(Answer(About("a")).reason(), std::string(255, 'x'));
  checker_.answer.GetReflection()
      ->MutableUnknownFields(&checker_.answer)
      ->AddLengthDelimited(1000, std::string(1000, 'z'));
  EXPECT_LT(Answer(About("b")).ByteSizeLong(), 300u);

  checker_.status = grpc::Status(grpc::StatusCode::INTERNAL,
                                 absl::StrCat("a\xFF", std::string(500, 'b')));
  EXPECT_EQ(
      Answer(About("c")).reason(),
      absl::StrCat("checker plant-db: a\xEF\xBF\xBD", std::string(252, 'b')));
}

TEST_F(CheckersTest, TheEnvironmentsProxyIsNotUsed) {
  const ::sluice::testing::DeadProxy proxy;
  Make();
  const v1::CheckResponse answer = Answer(About("a"));
  EXPECT_TRUE(answer.allowed()) << answer.reason();
}

TEST_F(CheckersTest, AnAnswerThatIsTooLargeIsNone) {
  checker_.answer.set_reason(std::string(64 * 1024, 'x'));
  const v1::CheckResponse answer = Answer(About("a"));
  EXPECT_FALSE(answer.allowed());
  EXPECT_THAT(answer.reason(), HasSubstr("larger than max"));
}

TEST_F(CheckersTest, AnswersAreRememberedForTheirTime) {
  EXPECT_TRUE(Answer(About("a")).allowed());
  EXPECT_EQ(Answer(About("a")).ttl().seconds(), 60);
  now_ += absl::Seconds(59);
  // Another port is the same client for this.
  const v1::CheckResponse late = Answer(About("a", 2));
  EXPECT_TRUE(late.allowed());
  EXPECT_EQ(late.ttl().seconds(), 1);
  EXPECT_EQ(checker_.asked.size(), 1u);
  EXPECT_EQ(checker_.asked[0].topic(), "a");
  checker_.answer.set_allowed(false);
  checker_.answer.set_reason("closed");
  now_ += absl::Seconds(1);
  EXPECT_FALSE(Answer(About("a")).allowed());
  EXPECT_EQ(Answer(About("a")).reason(), "closed");
  EXPECT_EQ(checker_.asked.size(), 2u);
  Answer(About("b"));
  v1::CheckRequest other = About("a");
  other.set_subject("alice");
  Answer(other);
  EXPECT_EQ(checker_.asked.size(), 4u);
}

// By a clock that was set back they would count for longer than their time.
TEST_F(CheckersTest, AnswersFromTheFutureDoNotCount) {
  EXPECT_TRUE(Answer(About("a")).allowed());
  now_ -= absl::Hours(1);
  EXPECT_EQ(Answer(About("a")).ttl().seconds(), 60);
  EXPECT_EQ(checker_.asked.size(), 2u);
}

TEST_F(CheckersTest, ACheckerMaySayLess) {
  checker_.answer.mutable_ttl()->set_seconds(5);
  EXPECT_EQ(Answer(About("a")).ttl().seconds(), 5);
  checker_.answer.mutable_ttl()->set_seconds(500);
  EXPECT_EQ(Answer(About("b")).ttl().seconds(), 60);
  checker_.answer.mutable_ttl()->set_seconds(-5);
  EXPECT_EQ(Answer(About("c")).ttl().seconds(), 0);
  Answer(About("c"));
  EXPECT_EQ(checker_.asked.size(), 4u);
}

TEST_F(CheckersTest, OneThatFailsIsLeftAloneForAWhile) {
  checker_.status = grpc::Status(grpc::StatusCode::INTERNAL, "no database");
  const v1::CheckResponse answer = Answer(About("a"));
  EXPECT_FALSE(answer.allowed());
  EXPECT_EQ(answer.ttl().seconds(), 5);
  EXPECT_THAT(answer.reason(), HasSubstr("plant-db: no database"));
  checker_.status = grpc::Status::OK;
  EXPECT_FALSE(Answer(About("a")).allowed());
  now_ += absl::Seconds(5);
  EXPECT_TRUE(Answer(About("a")).allowed());
  EXPECT_EQ(checker_.asked.size(), 2u);

  server_->Shutdown();
  EXPECT_FALSE(Answer(About("z")).allowed());
  v1::CheckRequest nobody = About("a");
  nobody.set_checker("nobody");
  EXPECT_THAT(Answer(nobody).reason(), HasSubstr("no checker \"nobody\""));
}

TEST_F(CheckersTest, SameQuestionsShareOneCallAndTheirNumberIsBounded) {
  Make({1, 1, 1});
  checker_.hold = true;
  auto first = Ask(About("a"));
  auto same = Ask(About("a"));
  checker_.WaitForQuestion();
  EXPECT_THAT(Answer(About("b")).reason(), HasSubstr("too much"));
  checker_.LetGo();
  EXPECT_TRUE(first.get().allowed());
  EXPECT_TRUE(same.get().allowed());
  EXPECT_EQ(checker_.asked.size(), 1u);
  // The oldest answer gives way.
  Answer(About("b"));
  Answer(About("a"));
  EXPECT_EQ(checker_.asked.size(), 3u);
}

// Whoever asks a slow checker much leaves room for others.
TEST_F(CheckersTest, NoAskerTakesAllTheRoom) {
  Make({10, 10, 1});
  checker_.hold = true;
  v1::CheckRequest of_alice = About("a");
  of_alice.set_issuer("https://as.example");
  of_alice.set_subject("alice");
  auto first = Ask(of_alice);
  checker_.WaitForQuestion();
  // Nor does it by coming from elsewhere.
  of_alice.set_topic("b");
  of_alice.mutable_connection()->set_client_address("192.0.2.2:1");
  EXPECT_THAT(Answer(of_alice).reason(), HasSubstr("too much"));
  v1::CheckRequest of_bob = of_alice;
  of_bob.set_subject("bob");
  auto others = Ask(of_bob);
  // Without a token, whoever has an address.
  auto anonymous = Ask(About("a"));
  EXPECT_THAT(Answer(About("b", 2)).reason(), HasSubstr("too much"));
  checker_.LetGo();
  EXPECT_TRUE(first.get().allowed());
  EXPECT_TRUE(others.get().allowed());
  EXPECT_TRUE(anonymous.get().allowed());
  EXPECT_TRUE(Answer(of_alice).allowed());
}

// Of tokens that name no subject, each key is somebody else; as is, of a proxy
// that does not tell keys yet, each address.
TEST_F(CheckersTest, WithoutASubjectAKeyIsAnAsker) {
  Make({10, 10, 1});
  checker_.hold = true;
  const auto about = [](const std::string& topic, const std::string& key_id,
                        const std::string& address) {
    v1::CheckRequest request = About(topic);
    request.set_issuer("https://as.example");
    request.set_key_id(key_id);
    request.mutable_connection()->set_client_address(address);
    return request;
  };
  auto first = Ask(about("a", "one", "192.0.2.1:1"));
  checker_.WaitForQuestion();
  EXPECT_THAT(Answer(about("b", "one", "192.0.2.2:1")).reason(),
              HasSubstr("too much"));
  auto other = Ask(about("b", "two", "192.0.2.1:1"));
  auto unnamed = Ask(about("a", "", "192.0.2.1:1"));
  EXPECT_THAT(Answer(about("b", "", "192.0.2.1:2")).reason(),
              HasSubstr("too much"));
  auto elsewhere = Ask(about("b", "", "192.0.2.2:1"));
  // A subject is one with all its keys.
  v1::CheckRequest of_alice = about("a", "one", "192.0.2.1:1");
  of_alice.set_subject("alice");
  auto subject = Ask(of_alice);
  of_alice.set_key_id("two");
  EXPECT_THAT(Answer(of_alice).reason(), HasSubstr("too much"));
  checker_.LetGo();
  EXPECT_TRUE(first.get().allowed());
  EXPECT_TRUE(other.get().allowed());
  EXPECT_TRUE(unnamed.get().allowed());
  EXPECT_TRUE(elsewhere.get().allowed());
  EXPECT_TRUE(subject.get().allowed());
}

TEST_F(CheckersTest, TheEndCancelsWhatIsUnderWay) {
  checker_.hold = true;
  auto answer = Ask(About("a"));
  checker_.WaitForQuestion();
  checkers_.reset();
  EXPECT_FALSE(answer.get().allowed());
  checker_.LetGo();
}

}  // namespace
}  // namespace sluice::policy
