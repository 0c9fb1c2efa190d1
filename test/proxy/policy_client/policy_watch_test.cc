#include "proxy/policy_client/policy_watch.h"

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proxy/policy_client/completion_thread.h"

namespace sluice::policy_client {
namespace {

using policy::v1::SessionInfo;
using policy::v1::WatchRequest;
using policy::v1::WatchResponse;

// A queue from one thread to another.
template <typename T>
class Mailbox {
 public:
  void Put(T value) {
    std::lock_guard<std::mutex> lock(mutex_);
    values_.push_back(std::move(value));
    there_.notify_all();
  }
  T Take() {
    std::unique_lock<std::mutex> lock(mutex_);
    there_.wait(lock, [this] { return !values_.empty(); });
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable there_;
  std::deque<T> values_;
};

// Runs one script a stream.
class FakePolicyService final : public policy::v1::PolicyService::Service {
 public:
  using Stream = grpc::ServerReaderWriter<WatchResponse, WatchRequest>;
  using Script = std::function<void(grpc::ServerContext*, Stream*)>;

  Mailbox<Script> scripts;

  grpc::Status Watch(grpc::ServerContext* context, Stream* stream) override {
    scripts.Take()(context, stream);
    return grpc::Status::OK;
  }
};

// Writes down what it is told, a line a call.
class Recorder final : public WatchObserverInterface {
 public:
  Mailbox<std::string> lines;
  // What it answers a query with.
  size_t session_count = 1;
  size_t client_id_bytes = 0;

  void OnRevocations(std::shared_ptr<const RevocationUpdate> update) override {
    std::string line = update->is_snapshot ? "snapshot" : "changes";
    for (const std::string& name : update->deleted) {
      absl::StrAppend(&line, " -", name);
    }
    for (const auto& added : update->added) {
      absl::StrAppend(&line, " +", added.name());
    }
    lines.Put(line);
  }
  void OnPolicyVersion(const std::string& version) override {
    lines.Put(absl::StrCat("version ", version));
  }
  void OnListSessions(const policy::v1::SessionQuery& query,
                      SessionsCallback done) override {
    std::vector<SessionInfo> sessions(session_count);
    for (SessionInfo& session : sessions) {
      session.set_session_id(absl::StrCat("of ", query.subject()));
      session.set_client_id(std::string(client_id_bytes, 'c'));
    }
    done(std::move(sessions));
  }
  void OnDisconnectSessions(std::vector<std::string> session_ids) override {
    lines.Put(absl::StrCat("disconnect ", session_ids.at(0)));
  }
  void OnWatchBegun() override { lines.Put("begun"); }
  void OnWatchEnded(const std::string&) override { lines.Put("ended"); }
  void OnWatchLost(const std::string&) override { lines.Put("lost"); }
  void OnServiceState(const std::string& problem) override {
    lines.Put(absl::StrCat("state ", problem));
  }
};

// Has as many decisions as it is given.
class FakeDecisions final : public DecisionSourceInterface {
 public:
  Mailbox<std::string> calls;

  void Put(std::vector<std::string> ids) {
    std::function<void()> wake;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ids_ = std::move(ids);
      wake = on_decisions_;
    }
    wake();
  }
  void Open(std::function<void()> on_decisions) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      on_decisions_ = std::move(on_decisions);
    }
    calls.Put("open");
  }
  void Close() override { calls.Put("close"); }
  bool Take(size_t, policy::v1::DecisionBatch* batch) override {
    batch->Clear();
    std::lock_guard<std::mutex> lock(mutex_);
    for (const std::string& id : std::exchange(ids_, {})) {
      batch->add_decisions()->set_id(id);
    }
    return batch->decisions_size() > 0;
  }

 private:
  std::mutex mutex_;
  std::function<void()> on_decisions_;
  std::vector<std::string> ids_;
};

WatchRequest Read(FakePolicyService::Stream* stream) {
  WatchRequest request;
  EXPECT_TRUE(stream->Read(&request));
  return request;
}

WatchResponse Snapshot(const std::string& name, bool more) {
  WatchResponse response;
  response.mutable_snapshot()->add_revocations()->set_name(name);
  response.mutable_snapshot()->set_more(more);
  if (!more) {
    response.mutable_position()->set_store_id("store");
    response.mutable_position()->set_revision(7);
  }
  return response;
}

class PolicyWatchTest : public ::testing::Test {
 protected:
  PolicyWatchTest() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
  }
  ~PolicyWatchTest() override {
    watch_.reset();
    server_->Shutdown(std::chrono::system_clock::now());
  }
  void StartWatch(absl::Duration lost_after = absl::Hours(1)) {
    watch_ = std::make_unique<PolicyWatch>(
        server_->InProcessChannel(grpc::ChannelArguments()), &completions_,
        "proxy-1", lost_after, &recorder_, &decisions_);
  }
  std::string Next() { return recorder_.lines.Take(); }

  FakePolicyService service_;
  Recorder recorder_;
  FakeDecisions decisions_;
  std::unique_ptr<grpc::Server> server_;
  CompletionThread completions_;
  std::unique_ptr<PolicyWatch> watch_;
};

// covers: ACE-EXP-4
TEST_F(PolicyWatchTest, CatchesUpFromWhereItWas) {
  service_.scripts.Put([](grpc::ServerContext*, auto* stream) {
    const WatchRequest start = Read(stream);
    EXPECT_EQ(start.start().proxy(), "proxy-1");
    EXPECT_FALSE(start.start().has_position());
    stream->Write(Snapshot("a", true));
    stream->Write(Snapshot("b", false));
  });
  StartWatch();
  EXPECT_EQ(Next(), "snapshot +a +b");
  EXPECT_EQ(Next(), "begun");
  EXPECT_EQ(Next(), "ended");
  service_.scripts.Put([](grpc::ServerContext*, auto* stream) {
    const WatchRequest start = Read(stream);
    EXPECT_EQ(start.start().position().store_id(), "store");
    EXPECT_EQ(start.start().position().revision(), 7);
    WatchResponse response;
    response.mutable_changes()->add_added()->set_name("c");
    response.mutable_changes()->add_deleted("a");
    response.mutable_position()->set_revision(8);
    stream->Write(response);
  });
  EXPECT_EQ(Next(), "changes -a +c");
  EXPECT_EQ(Next(), "begun");
}

TEST_F(PolicyWatchTest, ASnapshotThatBreaksOffIsForgotten) {
  service_.scripts.Put([](grpc::ServerContext*, auto* stream) {
    stream->Write(Snapshot("half", true));
  });
  service_.scripts.Put([](grpc::ServerContext*, auto* stream) {
    EXPECT_FALSE(Read(stream).start().has_position());
    stream->Write(Snapshot("whole", false));
  });
  StartWatch();
  EXPECT_EQ(Next(), "snapshot +whole");
  EXPECT_EQ(Next(), "begun");
}

// A name has to be UTF-8.
TEST_F(PolicyWatchTest, AStreamThatIsNotUnderstoodIsGivenUp) {
  service_.scripts.Put([](grpc::ServerContext* context, auto* stream) {
    Read(stream);
    stream->Write(Snapshot("a", false));
    stream->Write(Snapshot("\xff", false));
    while (!context->IsCancelled()) std::this_thread::yield();
  });
  service_.scripts.Put([](grpc::ServerContext*, auto* stream) {
    Read(stream);
    stream->Write(Snapshot("b", false));
  });
  StartWatch();
  EXPECT_EQ(Next(), "snapshot +a");
  EXPECT_EQ(Next(), "begun");
  EXPECT_EQ(Next(), "ended");
  EXPECT_EQ(Next(), "snapshot +b");
}

TEST_F(PolicyWatchTest, AnswersQuestionsAndPassesOrdersOn) {
  Mailbox<WatchRequest> answers;
  service_.scripts.Put([&](grpc::ServerContext*, auto* stream) {
    Read(stream);
    WatchResponse version;
    version.mutable_policy()->set_version("v2");
    stream->Write(version);
    WatchResponse disconnect;
    disconnect.mutable_disconnect_sessions()->add_session_ids("id");
    stream->Write(disconnect);
    WatchResponse query;
    query.mutable_list_sessions()->set_query_id(5);
    query.mutable_list_sessions()->set_subject("somebody");
    stream->Write(query);
    answers.Put(Read(stream));
  });
  StartWatch();
  EXPECT_EQ(Next(), "version v2");
  EXPECT_EQ(Next(), "disconnect id");
  const WatchRequest answer = answers.Take();
  EXPECT_EQ(answer.sessions().query_id(), 5u);
  EXPECT_EQ(answer.sessions().sessions(0).session_id(), "of somebody");
}

TEST_F(PolicyWatchTest, AnAnswerThatWouldBeTooLongIsCut) {
  Mailbox<policy::v1::SessionList> answers;
  recorder_.session_count = 100;
  recorder_.client_id_bytes = 20'000;
  service_.scripts.Put([&](grpc::ServerContext*, auto* stream) {
    Read(stream);
    WatchResponse question;
    question.mutable_list_sessions()->set_query_id(5);
    stream->Write(question);
    answers.Put(Read(stream).sessions());
  });
  StartWatch();
  policy::v1::SessionList answer = answers.Take();
  EXPECT_EQ(answer.query_id(), 5);
  EXPECT_TRUE(answer.more());
  EXPECT_EQ(answer.sessions_size(), 6);
  EXPECT_LE(answer.ByteSizeLong(), 128 * 1024);

  // One that is too long by itself is told nevertheless.
  recorder_.client_id_bytes = 200'000;
  service_.scripts.Put([&](grpc::ServerContext*, auto* stream) {
    Read(stream);
    WatchResponse question;
    question.mutable_list_sessions()->set_query_id(6);
    stream->Write(question);
    answers.Put(Read(stream).sessions());
  });
  answer = answers.Take();
  EXPECT_TRUE(answer.more());
  EXPECT_EQ(answer.sessions_size(), 1);
}

TEST_F(PolicyWatchTest, SaysOnceThatTheServiceIsLost) {
  service_.scripts.Put([](grpc::ServerContext*, auto* stream) {
    stream->Write(Snapshot("a", false));
  });
  // The service is there, and has nothing to say.
  for (int i = 0; i < 3; ++i) {
    service_.scripts.Put([](grpc::ServerContext*, auto*) {});
  }
  service_.scripts.Put([](grpc::ServerContext*, auto* stream) {
    stream->Write(Snapshot("b", false));
  });
  StartWatch(absl::Seconds(1));
  EXPECT_EQ(Next(), "snapshot +a");
  EXPECT_EQ(Next(), "begun");
  EXPECT_EQ(Next(), "ended");
  EXPECT_EQ(Next(), "lost");
  EXPECT_EQ(Next(), "snapshot +b");
  EXPECT_EQ(Next(), "begun");
}

// Not only when the next stream is due, which would be at 3.1 seconds.
TEST_F(PolicyWatchTest, SaysThatTheServiceIsLostWhileItWaits) {
  service_.scripts.Put([](grpc::ServerContext*, auto* stream) {
    stream->Write(Snapshot("a", false));
  });
  for (int i = 0; i < 10; ++i) {
    service_.scripts.Put([](grpc::ServerContext*, auto*) {});
  }
  StartWatch(absl::Milliseconds(1600));
  EXPECT_EQ(Next(), "snapshot +a");
  EXPECT_EQ(Next(), "begun");
  EXPECT_EQ(Next(), "ended");
  const absl::Time ended = absl::Now();
  EXPECT_EQ(Next(), "lost");
  EXPECT_LT(absl::Now() - ended, absl::Seconds(3));
}

// covers: ACE-EXP-4
TEST_F(PolicyWatchTest, SaysThatTheServiceIsLostWhereItNeverTellsAll) {
  Mailbox<std::string> go_on;
  service_.scripts.Put([&go_on](grpc::ServerContext*, auto* stream) {
    stream->Write(Snapshot("a", true));
    go_on.Take();
    stream->Write(Snapshot("b", false));
  });
  StartWatch(absl::Milliseconds(1));
  EXPECT_EQ(Next(), "lost");
  go_on.Put("");
  EXPECT_EQ(Next(), "snapshot +a +b");
  EXPECT_EQ(Next(), "begun");
}

// As behind a balancer whose service is dead: the stream opens, and that is
// all.
TEST_F(PolicyWatchTest, SaysThatTheServiceIsLostWhereAStreamStaysSilent) {
  service_.scripts.Put([](grpc::ServerContext*, auto* stream) {
    stream->Write(Snapshot("a", false));
  });
  Mailbox<std::string> go_on;
  service_.scripts.Put([&go_on](grpc::ServerContext*, auto* stream) {
    go_on.Take();
    stream->Write(Snapshot("b", false));
  });
  StartWatch(absl::Seconds(1));
  EXPECT_EQ(Next(), "snapshot +a");
  EXPECT_EQ(Next(), "begun");
  EXPECT_EQ(Next(), "ended");
  EXPECT_EQ(Next(), "lost");
  go_on.Put("");
  EXPECT_EQ(Next(), "snapshot +b");
  EXPECT_EQ(Next(), "begun");
}

TEST_F(PolicyWatchTest, TellsWhetherTheServiceDecides) {
  const auto script = [](grpc::ServerContext*, auto* stream) {
    WatchResponse state;
    state.mutable_state()->set_undecided(true);
    state.mutable_state()->set_detail("no store");
    stream->Write(state);
    stream->Write(Snapshot("a", false));
    state.mutable_state()->Clear();
    stream->Write(state);
    state.mutable_state()->set_undecided(true);
    stream->Write(state);
  };
  service_.scripts.Put(script);
  StartWatch();
  EXPECT_EQ(Next(), "state no store");
  EXPECT_EQ(Next(), "snapshot +a");
  EXPECT_EQ(Next(), "begun");
  EXPECT_EQ(Next(), "state ");
  EXPECT_EQ(Next(), "state nothing is decided");
  // Nothing else is known of the service until it is back, and says so.
  EXPECT_EQ(Next(), "ended");
  service_.scripts.Put(script);
  EXPECT_EQ(Next(), "state no store");
  EXPECT_EQ(Next(), "snapshot +a");
  EXPECT_EQ(Next(), "begun");
  EXPECT_EQ(Next(), "state ");
  EXPECT_EQ(Next(), "state nothing is decided");
  EXPECT_EQ(Next(), "ended");
  // One that says nothing of it does decide.
  const auto silent = [](grpc::ServerContext*, auto* stream) {
    stream->Write(Snapshot("b", false));
  };
  service_.scripts.Put(silent);
  EXPECT_EQ(Next(), "snapshot +b");
  EXPECT_EQ(Next(), "state ");
  EXPECT_EQ(Next(), "begun");
  EXPECT_EQ(Next(), "ended");
  service_.scripts.Put(silent);
  EXPECT_EQ(Next(), "snapshot +b");
  EXPECT_EQ(Next(), "begun");
}

TEST_F(PolicyWatchTest, EndsInTheMiddleOfAStream) {
  service_.scripts.Put([](grpc::ServerContext* context, auto* stream) {
    stream->Write(Snapshot("a", false));
    WatchRequest request;
    while (stream->Read(&request) && !context->IsCancelled()) {
    }
  });
  StartWatch();
  EXPECT_EQ(Next(), "snapshot +a");
  EXPECT_EQ(Next(), "begun");
  watch_.reset();
  // Nothing is told of an end that was asked for.
  recorder_.lines.Put("reset");
  EXPECT_EQ(Next(), "reset");
}

TEST_F(PolicyWatchTest, TellsDecisionsWhileSomebodyWatches) {
  Mailbox<WatchRequest> requests;
  Mailbox<bool> orders;
  service_.scripts.Put([&](grpc::ServerContext*, auto* stream) {
    Read(stream);
    WatchResponse order;
    order.mutable_watch_decisions()->set_enabled(true);
    stream->Write(order);
    requests.Put(Read(stream));
    requests.Put(Read(stream));
    order.mutable_watch_decisions()->set_enabled(false);
    stream->Write(order);
    orders.Take();
    order.mutable_watch_decisions()->set_enabled(true);
    stream->Write(order);
    orders.Take();
  });
  StartWatch();
  EXPECT_EQ(decisions_.calls.Take(), "open");
  decisions_.Put({"1", "2"});
  EXPECT_EQ(requests.Take().decisions().decisions_size(), 2);
  decisions_.Put({"3"});
  EXPECT_EQ(requests.Take().decisions().decisions(0).id(), "3");
  EXPECT_EQ(decisions_.calls.Take(), "close");
  orders.Put(true);
  EXPECT_EQ(decisions_.calls.Take(), "open");
  // The stream ends, and nothing more can be told.
  orders.Put(true);
  EXPECT_EQ(decisions_.calls.Take(), "close");
  decisions_.Put({"4"});
}

}  // namespace
}  // namespace sluice::policy_client
