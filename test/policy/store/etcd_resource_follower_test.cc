// Moments that no real etcd can be made to wait in; etcd_store_test.cc has all
// else.
#include "policy/store/etcd_resource_follower.h"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "grpcpp/grpcpp.h"
#include "policy/store/etcd_resource_keys.h"
#include "proto/etcd/etcd.grpc.pb.h"
#include "test/policy/store/resource_observer.h"
#include "test/policy/store/store_samples.h"

namespace sluice::policy {
namespace {

using ReplyStream = grpc::ServerReaderWriter<etcdserverpb::WatchResponse,
                                             etcdserverpb::WatchRequest>;

// At revision 12, with a rule of revision 11. To a watch it tells of both, as
// one that had begun before, and of what changes next.
class FakeEtcd : public etcdserverpb::KV::Service,
                 public etcdserverpb::Watch::Service {
 public:
  FakeEtcd() {
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(),
                             &port);
    builder.RegisterService(static_cast<etcdserverpb::KV::Service*>(this));
    builder.RegisterService(static_cast<etcdserverpb::Watch::Service*>(this));
    server_ = builder.BuildAndStart();
    EtcdOptions options;
    options.endpoints = {absl::StrCat("127.0.0.1:", port)};
    options.prefix = "/sluice";
    options.timeout = absl::Seconds(20);
    client_ = std::make_shared<EtcdClient>(options);
  }
  ~FakeEtcd() override { server_->Shutdown(); }

  const std::shared_ptr<EtcdClient>& client() const { return client_; }
  // What has been asked, in order.
  std::vector<std::string> asked() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return asked_;
  }

 private:
  grpc::Status Range(grpc::ServerContext*, const etcdserverpb::RangeRequest*,
                     etcdserverpb::RangeResponse* response) override {
    Note("range");
    response->mutable_header()->set_revision(12);
    *response->add_kvs() = Rule("kept", 11);
    response->set_count(1);
    return grpc::Status::OK;
  }

  grpc::Status Txn(grpc::ServerContext*, const etcdserverpb::TxnRequest*,
                   etcdserverpb::TxnResponse* response) override {
    response->mutable_header()->set_revision(14);
    response->add_responses()->mutable_response_range();
    return grpc::Status::OK;
  }

  grpc::Status Watch(grpc::ServerContext*, ReplyStream* stream) override {
    etcdserverpb::WatchRequest request;
    stream->Read(&request);
    Note(
        absl::StrCat("watch from ", request.create_request().start_revision()));
    etcdserverpb::WatchResponse created;
    created.set_created(true);
    created.mutable_header()->set_revision(10);
    stream->Write(created);
    etcdserverpb::WatchResponse changes;
    *changes.add_events()->mutable_kv() = Rule("kept", 11);
    AddDeletion("gone", 12, &changes);
    stream->Write(changes);
    AddDeletion("never", 12, &changes);
    *changes.add_events()->mutable_kv() = Rule("new", 13);
    AddDeletion("kept", 14, &changes);
    stream->Write(changes);
    while (stream->Read(&request)) {
      etcdserverpb::WatchResponse progress;
      progress.set_watch_id(-1);
      progress.mutable_header()->set_revision(14);
      stream->Write(progress);
    }
    return grpc::Status::OK;
  }

  void Note(const std::string& what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    asked_.push_back(what);
  }

  mvccpb::KeyValue Rule(const std::string& id, int64_t revision) const {
    mvccpb::KeyValue kv;
    kv.set_key(EtcdResourceKeys(*client_).KeyOf("rules", id));
    kv.set_value(SerializedResource(TestResource(id)));
    kv.set_mod_revision(revision);
    kv.set_version(1);
    return kv;
  }
  void AddDeletion(const std::string& id, int64_t revision,
                   etcdserverpb::WatchResponse* response) const {
    mvccpb::Event* event = response->add_events();
    event->set_type(mvccpb::Event::DELETE);
    event->mutable_kv()->set_key(EtcdResourceKeys(*client_).KeyOf("rules", id));
    event->mutable_kv()->set_mod_revision(revision);
  }

  std::mutex mutex_;
  std::vector<std::string> asked_;
  std::shared_ptr<EtcdClient> client_;
  std::unique_ptr<grpc::Server> server_;
};

class EtcdResourceFollowerTest : public ::testing::Test {
 protected:
  EtcdResourceFollowerTest()
      : follower_(
            etcd_.client(), EtcdResourceKeys(*etcd_.client()),
            [] { return kNow; }, &observer_) {}

  FakeEtcd etcd_;
  ResourceObserver observer_;
  EtcdResourceFollower follower_;
};

// Whose revisions may be of another state by then; see operations.md on etcd
// that is put back.
TEST_F(EtcdResourceFollowerTest, ReadsWhatThereIsWhenTheWatchIsThere) {
  follower_.AwaitFirst();
  const std::vector<std::string> asked = etcd_.asked();
  ASSERT_GE(asked.size(), 2u);
  EXPECT_EQ(asked[0], "watch from 0");
  EXPECT_EQ(asked[1], "range");
  EXPECT_EQ(observer_.snapshots(), 1);
}

TEST_F(EtcdResourceFollowerTest, DoesNotTellAgainWhatWasRead) {
  observer_.WaitFor(14);
  EXPECT_EQ(observer_.history(),
            (std::vector<std::string>{"+rules/new=value", "-rules/kept"}));
  EXPECT_EQ(observer_.snapshots(), 1);
}

}  // namespace
}  // namespace sluice::policy
